// How fast an app may be: a number's throughput, a pair of number and person, an account's management calls.

import { businessUsage } from '../graph/limits.mjs';
import { whatsappError } from './error.mjs';

const HOUR_MS = 3600e3;

/** Counts what goes in or out of a number; only what goes out is refused. */
export function countTraffic(world, number, { out = false } = {}) {
  const { throughput_per_second: limit } = world.options, now = world.clock.now();
  while (number.traffic.length > 0 && now - number.traffic[0] >= 1000) number.traffic.shift();
  if (out && limit > 0 && number.traffic.length >= limit) throw whatsappError(world, 130429);
  number.traffic.push(now);
}

/** One message in six seconds to the same person, with a burst that is borrowed from later. */
export function countPair(world, person) {
  const { pair_burst: burst, pair_ms: pace } = world.options, now = world.clock.now();
  if (burst === 0 || pace === 0) return;
  const before = person.sends ?? { left: burst, at: now };
  const left = Math.min(burst, before.left + (now - before.at) / pace);
  if (left < 1) throw whatsappError(world, 131056);
  person.sends = { left: left - 1, at: now };
}

export function countManagement(world, waba) {
  const { management_per_hour: limit } = world.options, now = world.clock.now(), times = waba.managed;
  if (limit === 0) return;
  while (times.length > 0 && now - times[0] >= HOUR_MS) times.shift();
  if (times.length >= limit) {
    const minutes = Math.max(1, Math.ceil((times[0] + HOUR_MS - now) / 60e3));
    throw whatsappError(world, 80008, undefined, { headers: businessUsage(waba, 'whatsapp_business_management', minutes) });
  }
  times.push(now);
}
