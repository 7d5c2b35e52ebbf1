import {Flags} from '@oclif/core'

/** Of every command. What it does is read from the command line before any command runs (`color-support.ts`). */
export const outputFlags = {
  'no-color': Flags.boolean({
    description: 'do not use color; neither does a pipe or a file, or any output when NO_COLOR is set',
    helpGroup: 'GLOBAL',
  }),
}
