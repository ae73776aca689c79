/* Sizes, lengths of time, prices, phone numbers and places, as people of the viewer's language write them. */

export function fileSize(bytes: number, locale?: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let value = bytes;
  let at = 0;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[at],
    unitDisplay: at === 0 ? "long" : "short",
    maximumFractionDigits: at === 0 || value >= 10 ? 0 : 1,
  }).format(value);
}

/* "0:07", "3:05", "1:02:09". What has no known length has none. */
export function playTime(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

function decimal(value: string | undefined): number | null {
  return value !== undefined && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : null;
}

/* A price as it was told; a currency that nobody knows stands beside the number as it is. */
export function price(value: string | number | undefined, currency: string | undefined, locale?: string): string {
  const amount = typeof value === "number" ? value : decimal(value);
  if (amount === null) return [value, currency].filter(Boolean).join(" ");
  if (currency && /^[A-Za-z]{3}$/.test(currency)) return new Intl.NumberFormat(locale, { style: "currency", currency }).format(amount);
  return [new Intl.NumberFormat(locale).format(amount), currency].filter(Boolean).join(" ");
}

export interface OrderLine {
  quantity?: string;
  price?: string;
  currency?: string;
}

/* What a line costs; null when it does not say. */
export function lineSum(line: OrderLine): number | null {
  const quantity = decimal(line.quantity ?? "1");
  const each = decimal(line.price);
  return quantity === null || each === null ? null : quantity * each;
}

/* What all lines cost together; null when one of them does not say, or they speak of different money. */
export function orderSum(lines: OrderLine[]): { amount: number; currency: string } | null {
  let amount = 0;
  const currency = lines[0]?.currency;
  if (!currency) return null;
  for (const line of lines) {
    const sum = lineSum(line);
    if (sum === null || line.currency !== currency) return null;
    amount += sum;
  }
  return { amount, currency };
}

/* Calling codes of two digits (ITU-T E.164); 1 and 7 have one, all others three. */
const TWO = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/* Digits in groups, easier to read and to say. What is not a full number stays as it is. */
export function phoneNumber(value: string): string {
  const digits = value.replace(/[\s().-]/g, "");
  if (!/^\+\d{7,15}$/.test(digits)) return value;
  const number = digits.slice(1);
  const code = /^[17]/.test(number) ? 1 : TWO.test(number) ? 2 : 3;
  const groups: string[] = [];
  let rest = number.slice(code);
  while (rest.length > 4) {
    groups.push(rest.slice(0, 3));
    rest = rest.slice(3);
  }
  return ["+" + number.slice(0, code), ...groups, rest].join(" ");
}

export interface Place {
  latitude: number;
  longitude: number;
}

export function placeOf(latitude: string | undefined, longitude: string | undefined): Place | null {
  const at = { latitude: decimal(latitude) ?? NaN, longitude: decimal(longitude) ?? NaN };
  return Math.abs(at.latitude) <= 90 && Math.abs(at.longitude) <= 180 ? at : null;
}

export const placeWords = (at: Place) => `${at.latitude.toFixed(5)}, ${at.longitude.toFixed(5)}`;
export const placeApp = (at: Place) => `geo:${at.latitude},${at.longitude}`;
export const placeMap = (at: Place) =>
  `https://www.openstreetmap.org/?mlat=${at.latitude}&mlon=${at.longitude}#map=16/${at.latitude}/${at.longitude}`;
