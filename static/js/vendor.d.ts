/**
 * Types of libraries whose package names its module otherwise than the address of the copy does.
 */

declare module "*/lean-qr/lean-qr.js" {
  export { generate } from "lean-qr";
}
