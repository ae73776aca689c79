/* Files that are not on the server yet, kept in this browser through a reload. Where it has no such store they live as long as
   the page does. */

const STORE = "files";
let opened: Promise<IDBDatabase | null> | null = null;

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    try {
      const ask = window.indexedDB.open("mailtrixy", 1);
      ask.onupgradeneeded = () => ask.result.createObjectStore(STORE);
      ask.onsuccess = () => resolve(ask.result);
      ask.onerror = ask.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  const database = await open();
  if (!database) return undefined;
  return new Promise((resolve) => {
    try {
      const ask = work(database.transaction(STORE, mode).objectStore(STORE));
      ask.onsuccess = () => resolve(ask.result);
      ask.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}

const held = new Map<string, Blob>();

export function holdBlob(key: string, blob: Blob): void {
  held.set(key, blob);
  void run("readwrite", (store) => store.put(blob, key));
}

export async function blobOf(key: string): Promise<Blob | null> {
  const here = held.get(key);
  if (here) return here;
  const found = await run<unknown>("readonly", (store) => store.get(key) as IDBRequest<unknown>);
  if (!(found instanceof Blob)) return null;
  held.set(key, found);
  return found;
}

export function dropBlob(key: string): void {
  held.delete(key);
  void run("readwrite", (store) => store.delete(key));
}
