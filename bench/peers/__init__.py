"""Other servers of the article's protocol, each in the plain form that its library's documentation shows.

They find their port and the table's file in the environment, as PORT and TABLE.
"""
