// Errors as the Graph API answers them: the code and subcode are what a client must go by;
// status, type and text are filled in the way they are usually seen.

import { traceId } from '../core/ids.mjs';

export class GraphError extends Error {
  /** `details`: code, and optionally subcode, message, type, status, is_transient, title, advice, headers, and data (`error_data`). */
  constructor(details) {
    super(details.message ?? `(#${details.code}) An error occurred`);
    this.details = details;
  }

  status(options) {
    const { status, code } = this.details;
    if (status) return status;
    if (code === 190) return options.invalid_token_status;
    if (code >= 200 && code <= 299) return 403;
    if (code === 1 || code === 2) return 500;
    return 400;
  }

  body(host) {
    const { code, subcode, is_transient, title, advice } = this.details;
    const error = { message: this.message, type: this.details.type ?? usualType(code, host), code };
    if (subcode) error.error_subcode = subcode;
    if (is_transient !== undefined) error.is_transient = is_transient;
    if (title) error.error_user_title = title;
    if (advice) error.error_user_msg = advice;
    if (this.details.data) error.error_data = this.details.data;
    error.fbtrace_id = traceId();
    return { error };
  }
}

function usualType(code, host) {
  if (host === 'instagram' && [100, 9010, 36103].includes(code)) return 'IGApiException';
  return 'OAuthException';
}

const make = (code, subcode, message, more = {}) => () => new GraphError({ code, subcode, message, ...more });

/** The named conditions of the reference; a name is what the control API and the code here use. */
export const ERRORS = {
  window_closed: make(10, 2534022, '(#10) This message is sent outside of allowed window.'),
  permission: make(10, null, '(#10) Application does not have permission for this action'),
  restricted: make(10, 1893063, '(#10) This account is temporarily restricted from sending messages.'),
  relink: make(10, 2534077, '(#10) The link between Page, Instagram account and user could not be verified.'),
  person_unavailable: make(10, 2018108, "(#10) This person isn't available right now."),
  person_blocked: make(551, 1545041, "(#551) This person isn't available right now."),
  messages_off: make(200, 2534041, '(#200) The owner of the account has switched off access to messages.'),
  no_such_user: make(100, 2534014, '(#100) No matching Instagram user found.'),
  not_linked: make(100, 2534013, '(#100) The Page is not linked to an Instagram account.'),
  invalid_message: make(100, 2534015, '(#100) Invalid message data.'),
  business_blocked: make(100, 2534029, '(#100) This business is blocked from messaging on Instagram.'),
  not_thread_owner: make(100, 2534037, '(#100) Another app is controlling this thread now.'),
  ineligible: make(36103, null, 'This Instagram account is not eligible for the API.'),
  media_unreachable: make(100, 2018008, '(#100) Failed to fetch the file from the url.'),
  media_mismatch: make(100, 2018047, '(#100) Upload attachment failure: the type does not match the file.'),
  media_too_big: make(100, 2018109, '(#100) The attachment is larger than allowed.'),
  media_timeout: make(100, 2018294, '(#100) Fetching the video took too long.'),
  unknown_error: make(1, 99, 'An unknown error occurred', { is_transient: false }),
  error_although_sent: make(1, 1357046, 'An unexpected error has occurred. Please retry your request later.'),
  temporary: make(2, null, 'An unexpected error has occurred. Please retry your request later.', { is_transient: true }),
  app_limit: make(4, null, '(#4) Application request limit reached'),
  user_limit: make(17, null, '(#17) User request limit reached'),
  page_limit: make(32, null, '(#32) Page request limit reached'),
  rate_limit: make(613, 2534040, '(#613) Calls to this api have exceeded the rate limit.'),
  business_limit: make(80002, null, '(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.'),
  messenger_limit: make(80006, null, '(#80006) There have been too many messages sent. Wait a bit and try again.'),
  tag_warning: make(613, 2018338, '(#613) The use of this tag is being reviewed for abuse.'),
  policy_block: make(368, null, 'The action attempted has been deemed abusive or is otherwise disallowed'),
  no_consent: make(230, null, '(#230) User consent is required to access user profile'),
  review_bot: make(9010, null, 'No matching Instagram user', { type: 'IGApiException' }),
  message_deleted: make(9000001, null, 'This message has been deleted.'),
};

/** What error 190 says, by subcode. */
export const TOKEN_TROUBLE = {
  expired: [463, 'Error validating access token: Session has expired.'],
  app_removed: [458, 'Error validating access token: The user has not authorized application.'],
  checkpoint: [459, 'Error validating access token: You cannot access the app till you log in and follow the instructions given.'],
  password_changed: [460, 'Error validating access token: The session has been invalidated because the user changed their password or the session was changed for security reasons.'],
  unconfirmed: [464, 'Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.'],
  invalid: [467, 'Error validating access token: This may be because the user logged out or may be due to a system error.'],
  role_lost: [492, 'Error validating access token: The user lost the role on this Page.'],
};

export function tokenError(name) {
  const [subcode, message] = TOKEN_TROUBLE[name];
  return new GraphError({ code: 190, subcode, message });
}

export const badParameter = (message, subcode) => new GraphError({ code: 100, subcode, message: `(#100) ${message}` });

export const missingField = (name, type) => badParameter(`Tried accessing nonexistent field (${name}) on node type (${type})`);

export const noSuchObject = (method, id) => new GraphError({
  code: 100, subcode: 33, type: 'GraphMethodException',
  message: `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
});
