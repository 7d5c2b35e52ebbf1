import {fillTemplate} from '../families/template.js'
import type {RecognizedLock} from '../recognition/recognize.js'

/** What a release of one lock does, in this order; the first two in one go. */
export type ReleaseStep =
  | {action: 'compare'; key: string}
  | {action: 'delete'; key: string}
  /** keys of the lock that go with it; a template where they can't be named beforehand */
  | {action: 'delete-companions'; keys: string}
  | {action: 'publish'; channel: string; message: string}
  | {action: 'push'; list: string; element: string; expireMs: number}

export interface ReleasePreview {
  /** why it must not be deleted, and what to do instead; null where it may */
  instead: string | null
  steps: ReleaseStep[]
}

/** What a release of this lock would do: nothing is decided here about whether its holder lives. */
export function releasePreview(key: string, {family, groups}: RecognizedLock): ReleasePreview {
  const {release} = family
  if (release.how === 'never') return {instead: release.instead, steps: []}
  // An asterisk stands for what can't be named beforehand.
  const fill = (template: string): string =>
    template
      .split('*')
      .map((part) => fillTemplate(part, key, groups) ?? part)
      .join('*')
  const {deletesCompanions: deletedRoles = [], notify} = release
  const companions = (family.companions ?? []).filter(({role}) => deletedRoles.includes(role))
  return {
    instead: null,
    steps: [
      {action: 'compare', key},
      {action: 'delete', key},
      ...companions.map((companion): ReleaseStep => ({action: 'delete-companions', keys: fill(companion.key)})),
      ...(notify === undefined ? [] : [notificationStep(notify, fill)]),
    ],
  }
}

type ReleaseNotification = NonNullable<
  Extract<RecognizedLock['family']['release'], {how: 'compare-and-delete'}>['notify']
>

function notificationStep(notify: ReleaseNotification, fill: (template: string) => string): ReleaseStep {
  return notify.by === 'publish'
    ? {action: 'publish', channel: fill(notify.channel), message: fill(notify.message)}
    : {action: 'push', list: fill(notify.list), element: notify.element, expireMs: notify.expireMs}
}
