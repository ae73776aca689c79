// The simulator talks to this machine only, and lets only this machine talk to it.

export function isLoopback(hostname) {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Whether a Host header names this machine: a page elsewhere can point a name of its own at 127.0.0.1. */
export function isLoopbackHost(host) {
  try {
    return isLoopback(new URL(`http://${host}`).hostname);
  } catch {
    return false;
  }
}
