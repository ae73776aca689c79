/* A template with its gaps filled, as far as they are, and what is wrong with a value. */
import type { Template, TemplateVariable } from "../api/types";
import { text } from "../text";
import { measure } from "./bytes";

/* Words, or a gap that has no value yet: then the gap's name. */
export interface Piece {
  words: string;
  gap: boolean;
}

/* Numbered gaps are counted anew in each part of a template: the part belongs to their name. */
export function variableName({ key, label }: TemplateVariable): string {
  const number = /^\{\{(\d+)\}\}$/.exec(label)?.[1];
  const part = text.templates.parts[key.split(".")[0]];
  return number && part ? `${part} ${number}` : label;
}

export function fillPieces(words: string, variables: TemplateVariable[], values: Record<string, string>): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of words.matchAll(/\{\{([^{}]+)\}\}/g)) {
    const variable = variables.find((one) => one.key === match[1].trim());
    if (!variable) continue;
    const value = values[variable.key]?.trim() ?? "";
    if (match.index! > from) pieces.push({ words: words.slice(from, match.index), gap: false });
    pieces.push(value ? { words: value, gap: false } : { words: variableName(variable), gap: true });
    from = match.index! + match[0].length;
  }
  if (from < words.length) pieces.push({ words: words.slice(from), gap: false });
  return pieces;
}

/* What the customer reads, for the message that is shown until the server's own comes. */
export function templateText(one: Template, values: Record<string, string>): string {
  const filled = (words: string | null) =>
    words
      ? fillPieces(words, one.variables, values)
          .map((piece) => piece.words)
          .join("")
      : "";
  return [filled(one.header), filled(one.body), filled(one.footer)].filter(Boolean).join("\n\n");
}

/* Providers refuse values with line breaks, tabs or long runs of blanks. */
export type ValueSlip = "required" | "long" | "breaks" | null;

export function valueSlip(variable: TemplateVariable, value: string): ValueSlip {
  const clean = value.trim();
  if (clean === "") return "required";
  if (/[\n\r\t]| {5,}/.test(clean)) return "breaks";
  return variable.max_bytes !== null && measure(clean, "bytes") > variable.max_bytes ? "long" : null;
}

export interface TemplateFilter {
  query: string;
  language: string;
  category: string;
}

export function findTemplates(all: Template[], filter: TemplateFilter): Template[] {
  const words = filter.query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => {
    if (filter.language && one.language !== filter.language) return false;
    if (filter.category && one.category !== filter.category) return false;
    const heap = `${one.name.replaceAll("_", " ")} ${one.name} ${one.header ?? ""} ${one.body}`.toLocaleLowerCase();
    return words.every((word) => heap.includes(word));
  });
}
