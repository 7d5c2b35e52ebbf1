import {Flags} from '@oclif/core'

/** The flags of every command. `color-support.ts` reads them from the command line before any command runs. */
export const outputFlags = {
  'no-color': Flags.boolean({
    description: 'disable colors; pipes, files and NO_COLOR disable them, too',
    helpGroup: 'GLOBAL',
  }),
}
