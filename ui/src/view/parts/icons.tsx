/* The page's own icons: strokes on a 16-unit grid, drawn in the colour of the text. */
import type { ComponentChildren } from "preact";

const PATHS: Record<string, ComponentChildren> = {
  inbox: <path d="M2.5 9.5 4.3 3.5h7.4l1.8 6v3h-11zm0 0h3.3l.8 1.5h2.8l.8-1.5h3.3" />,
  search: <><circle cx="7" cy="7" r="4.25" /><path d="m10.25 10.25 3.25 3.25" /></>,
  settings: <><circle cx="8" cy="8" r="2" /><path d="M8 2v1.5M8 12.5V14M2 8h1.5M12.5 8H14M3.75 3.75l1.1 1.1M11.15 11.15l1.1 1.1M3.75 12.25l1.1-1.1M11.15 4.85l1.1-1.1" /></>,
  shield: <path d="M8 2 3 4v3.7C3 10.7 5.1 13 8 14c2.9-1 5-3.3 5-6.3V4z" />,
  down: <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />,
  up: <path d="m4.5 9.5 3.5-3.5 3.5 3.5" />,
  left: <path d="M9.5 3.75 5.25 8l4.25 4.25" />,
  right: <path d="M6.5 3.75 10.75 8 6.5 12.25" />,
  check: <path d="m3.25 8.5 3 3 6.5-7" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  plus: <path d="M8 3v10M3 8h10" />,
  menu: <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />,
  copy: <><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" /></>,
  send: <path d="m2.5 3 11 5-11 5 1.8-5zM4.3 8h4.2" />,
  note: <path d="M3.5 2.5h9v7l-3.5 4H3.5zM9 13.5v-4h3.5M5.5 5.5h5M5.5 8h3" />,
  reply: <path d="M6.5 4 3 7.5 6.5 11M3 7.5h6a4 4 0 0 1 4 4V12" />,
  clock: <><circle cx="8" cy="8" r="5.5" /><path d="M8 5v3.25l2 1.25" /></>,
  warn: <path d="M8 2.5 14 13H2zM8 6.5V9.5M8 11.2v.1" />,
  user: <><circle cx="8" cy="5.5" r="2.75" /><path d="M2.75 13.5c.6-2.5 2.6-4 5.25-4s4.65 1.5 5.25 4" /></>,
  users: <><circle cx="6" cy="5.75" r="2.5" /><path d="M1.5 13c.5-2.3 2.2-3.6 4.5-3.6s4 1.3 4.5 3.6M10.5 3.5a2.4 2.4 0 0 1 0 4.6M12 9.8c1.4.5 2.2 1.6 2.5 3.2" /></>,
  key: <><circle cx="5" cy="11" r="2.5" /><path d="m6.8 9.2 6-6M10.5 5.5l2 2M8.7 7.3l1.3 1.3" /></>,
  log: <path d="M3 3.5h10M3 6.5h10M3 9.5h6M3 12.5h4M11 9.5v4l2.5-2z" />,
  puzzle: <path d="M6 3.8a1.5 1.5 0 1 1 3 0V4.5h3v3h.7a1.5 1.5 0 1 1 0 3H12v3H3v-3.2h.6a1.4 1.4 0 1 0 0-2.8H3v-3h3z" />,
  out: <path d="M6.5 2.5h-3v11h3M7 8h6.5M11 5.25 13.75 8 11 10.75" />,
  file: <path d="M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5" />,
  image: <><rect x="2.5" y="3" width="11" height="10" rx="1.5" /><circle cx="6" cy="6.5" r="1.1" /><path d="m3 12 3.5-3.2 2 1.7L11 8l2.5 2.5" /></>,
  play: <path d="M5.5 3.5v9l7-4.5z" />,
  mic: <path d="M8 2.5a2 2 0 0 0-2 2V8a2 2 0 0 0 4 0V4.5a2 2 0 0 0-2-2zM4 8a4 4 0 0 0 8 0M8 12v1.5" />,
  link: <path d="M6.8 9.2a2.5 2.5 0 0 0 3.6 0l2-2a2.5 2.5 0 0 0-3.6-3.6l-.8.8M9.2 6.8a2.5 2.5 0 0 0-3.6 0l-2 2a2.5 2.5 0 0 0 3.6 3.6l.8-.8" />,
  story: <><circle cx="8" cy="8" r="5.75" stroke-dasharray="3.2 1.3" /><circle cx="8" cy="8" r="2.5" /></>,
  eye: <><path d="M1.5 8C3 5.2 5.3 3.75 8 3.75S13 5.2 14.5 8c-1.5 2.8-3.8 4.25-6.5 4.25S3 10.8 1.5 8z" /><circle cx="8" cy="8" r="2" /></>,
  ban: <><circle cx="8" cy="8" r="5.5" /><path d="m4.2 4.2 7.6 7.6" /></>,
  info: <><circle cx="8" cy="8" r="5.5" /><path d="M8 7.25V11M8 5v.1" /></>,
  refresh: <path d="M13 8a5 5 0 1 1-1.5-3.55M13 2.5v3h-3" />,
  plug: <path d="M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5V14" />,
  bolt: <path d="M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z" />,
  phone: <path d="M5 1.8h6v12.4H5zM7.3 12h1.4" />,
  sun: <><circle cx="8" cy="8" r="2.75" /><path d="M8 1.75v1.5M8 12.75v1.5M1.75 8h1.5M12.75 8h1.5M3.6 3.6l1 1M11.4 11.4l1 1M3.6 12.4l1-1M11.4 4.6l1-1" /></>,
  moon: <path d="M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z" />,
  screen: <path d="M2 3h12v8H2zM6 13.5h4M8 11v2.5" />,
  command: <path d="M6 6V4.25A1.75 1.75 0 1 0 4.25 6zm0 0v4m0-4h4M6 10v1.75A1.75 1.75 0 1 1 4.25 10zm0 0h4m0-4V4.25A1.75 1.75 0 1 1 11.75 6zm0 0v4m0 0v1.75A1.75 1.75 0 1 0 11.75 10z" />,
  trash: <path d="M3 4.5h10M6.5 4.5v-2h3v2M4.25 4.5l.6 9h6.3l.6-9" />,
  dots: <path d="M3.5 8v.01M8 8v.01M12.5 8v.01" stroke-width="2.2" />,
  smile: <><circle cx="8" cy="8" r="5.5" /><path d="M5.6 9.4c.5.9 1.3 1.4 2.4 1.4s1.9-.5 2.4-1.4M6.2 6.4v.1M9.8 6.4v.1" /></>,
  download: <path d="M8 2.5v7.5M4.75 7 8 10.25 11.25 7M3 13.25h10" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2.2" />,
  pin: <><path d="M8 14.2c3-3.2 4.6-5.6 4.6-7.6a4.6 4.6 0 0 0-9.2 0c0 2 1.6 4.4 4.6 7.6z" /><circle cx="8" cy="6.6" r="1.6" /></>,
  bag: <path d="M3.5 5.2h9l.7 8.3H2.8zM5.7 7V4.6a2.3 2.3 0 0 1 4.6 0V7" />,
  call: <path d="M4.2 2.5 6 2.3l1.1 3-1.5 1.2a8.6 8.6 0 0 0 3.9 3.9l1.2-1.5 3 1.1-.2 1.8c-.1 1-.9 1.7-1.9 1.6A10.6 10.6 0 0 1 2.6 4.4c-.1-1 .6-1.8 1.6-1.9z" />,
  sticker: <path d="M9.2 13.5H4.6a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h6.9a2 2 0 0 1 2 2v4.7zM9.2 13.5V11a1.8 1.8 0 0 1 1.8-1.8h2.5M5.6 8.6c.4.8 1.1 1.3 2 1.3" />,
  forward: <path d="M9.5 4 13 7.5 9.5 11M13 7.5H7a4 4 0 0 0-4 4V12" />,
  expand: <path d="M9.5 2.75h3.75V6.5M13 3 9.25 6.75M6.5 13.25H2.75V9.5M3 13l3.75-3.75" />,
  shrink: <path d="M13 6.5H9.5V3M9.75 6.25 13.25 2.75M3 9.5h3.5V13M6.25 9.75l-3.5 3.5" />,
  open: <path d="M6.5 3.5H4A1.5 1.5 0 0 0 2.5 5v7A1.5 1.5 0 0 0 4 13.5h7a1.5 1.5 0 0 0 1.5-1.5V9.5M9 2.5h4.5V7M13.25 2.75 7.5 8.5" />,
  sheet: <><rect x="2.5" y="2.5" width="11" height="11" rx="1.5" /><path d="M2.5 6.2h11M2.5 9.8h11M6.5 2.5v11" /></>,
  slides: <path d="M2.5 3h11v7.5h-11zM8 10.5v3M5.5 13.5h5M5 8V6.5M8 8V5.5M11 8V7" />,
  words: <path d="M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5M6 8.5h4.5M6 11h3" />,
  archive: <path d="M2.5 3h11v3h-11zM3.5 6v7.5h9V6M6.5 8.5h3" />,
  code: <path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  clip: <path d="m13 7.5-5.2 5.2a3.2 3.2 0 0 1-4.5-4.5l5.6-5.6a2.1 2.1 0 0 1 3 3l-5.4 5.4a1 1 0 0 1-1.5-1.5L10 4.7" />,
  letters: <path d="m2 12 3.25-8h.5L9 12M3.2 9.3h4.6M14 8v4M14 10a1.9 1.9 0 1 1-3.8 0A1.9 1.9 0 0 1 14 10z" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1.5" />,
  template: <path d="M2.5 3h11v10h-11zM2.5 6.25h11M5 8.75h6M5 10.75h3.5" />,
  // channels
  email: <><rect x="2" y="3.5" width="12" height="9" rx="1.75" /><path d="m2.5 5 5.5 4 5.5-4" /></>,
  whatsapp: <path d="M8 2.2a5.8 5.8 0 0 0-5 8.7L2.3 13.7l2.9-.7A5.8 5.8 0 1 0 8 2.2zM6 5.6c-.6 1.9 2.4 5 4.4 4.5M6 5.6l.7 1.2M10.4 10.1l-1.3-.8" />,
  instagram: <><rect x="2.5" y="2.5" width="11" height="11" rx="3.2" /><circle cx="8" cy="8" r="2.6" /><path d="M11 5v.01" stroke-width="1.9" /></>,
  chat: <path d="M2.5 3.5h11v7.5H7.5L4.5 13.5V11h-2z" />,
};

export type IconName = keyof typeof PATHS & string;

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor"
      stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      {PATHS[name] ?? PATHS.chat}
    </svg>
  );
}

/* A channel is known by icon and colour; a channel of an addon that is new here gets the plain one. */
export function ChannelIcon({ channel, size = 16, label }: { channel: string; size?: number; label?: string }) {
  return (
    <span class="channel-icon" data-channel={channel} role={label ? "img" : undefined} aria-label={label} title={label}>
      <Icon name={channel in PATHS ? channel : "chat"} size={size} />
    </span>
  );
}
