/* What can be said about a credential while it is being typed. The server decides; these rules
   only catch the slips of copy and paste, by what a field's name promises. */
import type { Field } from "../api/types";

export type Slip = "required" | "digits" | "space" | "hex" | "port" | "email" | null;

export function slipOf(field: Field, value: string, stored: boolean): Slip {
  const text = value.trim();
  if (text === "") return field.required && !stored ? "required" : null;
  if (field.name === "address") return /^[^@\s]+@[^@\s]+$/.test(text) ? null : "email";
  if (field.name.endsWith("_port")) {
    return /^\d{1,5}$/.test(text) && +text > 0 && +text < 65536 ? null : "port";
  }
  if (/(^|_)(id)$/.test(field.name)) return /^\d+$/.test(text) ? null : "digits";
  if (field.name === "app_secret") return /^[0-9a-f]{32}$/i.test(text) ? null : "hex";
  if (field.name.endsWith("_token") && field.secret) return /\s/.test(text) ? "space" : null;
  return null;
}

/* An odd App Secret is only advised against, since Meta may change its formats. */
export function blocks(slip: Slip): boolean {
  return slip !== null && slip !== "hex";
}

export function fieldsOf(fields: Field[], backend: string): Field[] {
  return fields.filter((field) => !field.backends || field.backends.length === 0 || field.backends.includes(backend));
}
