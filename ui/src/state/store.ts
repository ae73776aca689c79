/* What this browser remembers. A full or forbidden storage must never stop the work. */

export function recall<T>(key: string, otherwise: T): T {
  try {
    const found = window.localStorage.getItem("mt." + key);
    return found === null ? otherwise : (JSON.parse(found) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    if (value === null || value === undefined) window.localStorage.removeItem("mt." + key);
    else window.localStorage.setItem("mt." + key, JSON.stringify(value));
  } catch {
    /* private mode, quota: the page works on, only without memory */
  }
}

export function rememberedKeys(prefix: string): string[] {
  try {
    return Object.keys(window.localStorage)
      .filter((key) => key.startsWith("mt." + prefix))
      .map((key) => key.slice(3));
  } catch {
    return [];
  }
}
