// How many calls an account may make within a second, and the header that tells when it may go on.

import { ERRORS, GraphError } from './error.mjs';

const WINDOW_MS = 1000;
const REST_MINUTES = 1; // the header counts in whole minutes

export function countSend(world, account) {
  count(world, account, account.sends, world.options.send_per_second);
}

/** The Conversations API has a limit of its own. */
export function countRead(world, account) {
  count(world, account, account.reads, world.options.conversations_per_second);
}

function count(world, account, times, limit) {
  if (limit === 0) return;
  const now = world.clock.now();
  while (times.length > 0 && now - times[0] >= WINDOW_MS) times.shift();
  if (times.length >= limit) {
    const type = account.backend === 'instagram' ? 'instagram' : 'messenger';
    throw new GraphError({ ...ERRORS.rate_limit().details, headers: businessUsage(account, type, REST_MINUTES) });
  }
  times.push(now);
}

export function businessUsage(account, type, minutes) {
  return {
    'X-Business-Use-Case-Usage': JSON.stringify({
      [account?.id ?? '0']: [{ type, call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: minutes }],
    }),
  };
}
