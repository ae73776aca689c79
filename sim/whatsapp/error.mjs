// WhatsApp's errors. The same error is the answer to a call (`error`), or comes later by webhook (`errors[]`).

import { GraphError } from '../graph/error.mjs';

const HREF = 'https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes/';

/** code -> [title, details, how it usually comes: 'async' by webhook, else in the answer] */
const TABLE = {
  1: ['API Unknown', 'Unknown error'],
  2: ['API Service', 'Temporary due to downtime or due to being overloaded'],
  3: ['API Method', 'Capability or permissions issue.'],
  4: ['API Too Many Calls', 'The app has reached its API call rate limit.'],
  10: ['Permission Denied', 'Permission is either not granted or has been removed.'],
  33: ['Parameter value is not valid', 'The business phone number has been deleted.'],
  100: ['Invalid parameter', 'The request included one or more unsupported or misspelled parameters.'],
  200: ['Permissions error', 'The token has no permission for this.'],
  368: ['Temporarily blocked for policies violations', 'The WhatsApp Business Account has been restricted or disabled for violating a platform policy.'],
  80007: ['Rate limit issues', 'The WhatsApp Business Account has reached its rate limit.'],
  80008: ['Too many calls', 'There have been too many calls to this WhatsApp Business Account.'],
  130403: ['User is blocked', 'Message failed to send because this person is blocked by the business.', 'async'],
  130429: ['Rate limit hit', 'Message failed to send because there were too many messages sent from this phone number in a short period of time'],
  130472: ["User's number is part of an experiment", "Message was not sent as part of an experiment.", 'async'],
  130497: ['Business account is restricted from messaging users in this country.', 'Message failed to send because this account may not message users of that country.', 'async'],
  131000: ['Something went wrong', 'Message failed to send due to an unknown error.'],
  131005: ['Access denied', 'Permission is either not granted or has been removed.'],
  131008: ['Required parameter is missing', 'The request is missing a required parameter.'],
  131009: ['Parameter value is not valid', 'One or more parameter values are invalid.'],
  131016: ['Service unavailable', 'A service is temporarily unavailable.'],
  131021: ['Recipient cannot be sender', 'Sender and recipient phone number is the same.'],
  131026: ['Message undeliverable', 'Message Undeliverable.', 'async'],
  131030: ['Recipient phone number not in allowed list', 'Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.'],
  131031: ['Account has been locked', 'Business Account has been locked from sending messages.'],
  131037: ['WhatsApp provided number needs display name approval before message can be sent.', 'The display name of this number is not approved.'],
  131042: ['Business eligibility payment issue', 'Message failed to send because there were one or more errors related to your payment method.', 'async'],
  131045: ['Incorrect certificate', 'Message failed to send due to a phone number registration error.'],
  131047: ['Re-engagement message', 'Message failed to send because more than 24 hours have passed since the customer last replied to this number.', 'async'],
  131048: ['Spam rate limit hit', 'Message failed to send because there are restrictions on how many messages can be sent from this phone number.', 'async'],
  131049: ['This message was not delivered to maintain healthy ecosystem engagement.', 'In order to maintain a healthy ecosystem engagement, the message failed to be delivered.', 'async'],
  131050: ['User has stopped marketing messages', 'Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp from your business.', 'async'],
  131051: ['Message type unknown', 'Message type is currently not supported.'],
  131052: ['Media download error', 'Unable to download the media sent by the user.'],
  131053: ['Media upload error', 'Unable to upload the media used in the message.', 'async'],
  131056: ['(Business Account, Consumer Account) pair rate limit hit', 'Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time'],
  131057: ['Account in maintenance mode', 'The number is being upgraded.'],
  131058: ['Message failed to send', 'The hello_world template may be sent from public test numbers only.'],
  131060: ['This message is currently unavailable.', 'This message is unavailable.'],
  131063: ['Marketing templates are disabled', 'Marketing templates may not be sent with this API.'],
  131064: ['Account is restricted', 'Templates were given the wrong category too often.'],
  132000: ['Number of parameters does not match the expected number of params', 'The number of parameters does not match the template.'],
  132001: ['Template name does not exist in the translation', 'The template does not exist in that language, or it is not approved.'],
  132005: ['Translated text too long', 'The text of the template with its parameters is too long.'],
  132007: ['Template format character policy violated', 'The template content violates a policy.'],
  132012: ['Parameter format does not match format in the created template', 'A parameter does not have the format that the template was created with.'],
  132015: ['Template is Paused', 'The template is paused due to low quality.'],
  132016: ['Template is Disabled', 'The template was paused too often and is disabled for good.'],
  132018: ['There are issues with the parameters in the template', 'A parameter has new-line or tab characters, or more than 4 consecutive spaces.'],
  132068: ['Flow is in blocked state', 'The flow is blocked.'],
  132069: ['Flow is in throttled state', 'The flow is throttled.'],
  133000: ['Incomplete deregistration', 'An earlier deregistration failed.'],
  133004: ['Server Temporarily Unavailable', 'Server is temporarily unavailable.'],
  133005: ['Two step verification PIN mismatch', 'The two-step verification PIN is not right.'],
  133010: ['Account not registered', 'The phone number is not registered on the WhatsApp Business Platform.'],
  133016: ['Account register deregister rate limit exceeded', 'There were too many registration attempts for this phone number.'],
  134011: ['Payments terms of service', 'The payments terms of service have not been accepted.'],
  135000: ['Generic user error', 'Message failed to send because of an unknown error with the request parameters.'],
  2494100: ['Account in maintenance mode', 'The number is being upgraded.'],
};

export const WHATSAPP_CODES = Object.keys(TABLE).map(Number);
export const isAsync = (code) => TABLE[code]?.[2] === 'async';

const statusOf = (code, rateStatus) => {
  if ([4, 80007, 80008, 130429, 131056, 133016].includes(code)) return rateStatus;
  if ([3, 10, 200, 131005, 131031, 368].includes(code)) return 403;
  if ([1, 2, 131000].includes(code)) return 500;
  return [131016, 133004].includes(code) ? 503 : 400;
};

/** The error as the answer to a call. `details` are said instead of the usual ones. */
export function whatsappError(world, code, details, more = {}) {
  const [title, usual] = TABLE[code] ?? ['Unknown error', 'Unknown error'];
  return new GraphError({
    code, message: `(#${code}) ${title}`, type: 'OAuthException', status: statusOf(code, world.options.rate_status),
    data: { messaging_product: 'whatsapp', details: details ?? usual }, ...more,
  });
}

/** The error as webhooks carry it. */
export function webhookError(code, details) {
  const [title, usual] = TABLE[code] ?? ['Unknown error', 'Unknown error'];
  return { code, title, message: title, error_data: { details: details ?? usual }, href: HREF };
}
