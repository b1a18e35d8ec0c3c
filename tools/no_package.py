"""The build backend of a project that builds no package: pip shows the message of this exit."""

raise SystemExit(
    "tsvapp is not a package for pip: it runs from its checkout. Type `make run` there; README.md says more."
)
