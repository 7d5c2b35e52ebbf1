/** A UUID as libraries write it: in lower case, with its hyphens. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
