import type {LockFamily} from './family.js'

/** Epoch seconds and epoch ms from 2014 to 2033. */
const SECONDS = '(?<timeSeconds>1[4-9]\\d{8}(?:\\.\\d{1,9})?)'
const MILLISECONDS = '(?<timeMs>1[4-9]\\d{11})'
/** A host, a process id and a random part. */
const HOST_PID = '(?<host>[^\\s:/]{1,200})_(?<pid>\\d{1,7})_[0-9a-f]{8,}'
/** A text without spaces, quotes, and the brackets of JSON, XML and HTML. */
const TEXT = '[^\\s{}\\[\\]"<>]{1,256}'
/** A JSON object that names its holder or its end, unlike most other data. */
const JSON_HOLDER =
  '\\{.*"(?:\\w*owner\\w*|holder|host(?:name)?|pid|token|lock(?:ed)?_?[A-Za-z]*|worker\\w*|acquired\\w*|expires?\\w*)"\\s*:.*\\}'

/** A short string under a key that is expected to be a lock. It is always a candidate, and its likelihood is the measure for the others. */
export const HOME_MADE: LockFamily = {
  name: 'home-made',
  title: 'a lock that the application sets itself, or a library that keyshift does not know',
  forms: ['(?<free>0)', SECONDS, MILLISECONDS, HOST_PID, TEXT, JSON_HOLDER].map((token) => ({
    type: 'string',
    token,
    needsContext: true,
    shows: 'any key and token',
    confidence: 0.5,
  })),
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}
