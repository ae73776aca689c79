// Whether an answer is what the API's document says: no member missing, none that it does not name, each of its type.
const kind = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);

export function faults(document, schema, value, where = '$') {
  if (schema.$ref) return faults(document, schema.$ref.slice(2).split('/').reduce((o, key) => o[key], document), value, where);
  if (schema.anyOf) return schema.anyOf.some((one) => faults(document, one, value, where).length === 0) ? [] : [`${where}: none of anyOf`];
  const types = schema.type === undefined ? [] : [schema.type].flat(), is = kind(value);
  if (types.length > 0 && !types.includes(is) && !(is === 'integer' && types.includes('number'))) return [`${where}: ${is}, not ${types}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${where}: ${value} is none of ${schema.enum}`];
  if (schema.pattern && typeof value === 'string' && !new RegExp(schema.pattern).test(value)) return [`${where}: ${value} is not ${schema.pattern}`];
  if (is === 'array') return schema.items ? value.flatMap((v, k) => faults(document, schema.items, v, `${where}[${k}]`)) : [];
  if (is !== 'object' || !schema.properties) return [];
  return [
    ...(schema.required ?? []).filter((key) => !(key in value)).map((key) => `${where}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, v]) => (schema.properties[key] ? faults(document, schema.properties[key], v, `${where}.${key}`)
      : schema.additionalProperties ? [] : [`${where}.${key} is not in the document`])),
  ];
}
