import {Flags} from '@oclif/core'

/** The flags of every command. `color-support.ts` reads them from the command line before any command runs. */
export const outputFlags = {
  json: Flags.boolean({description: 'print the result as one JSON document', helpGroup: 'GLOBAL'}),
  'no-color': Flags.boolean({
    description: 'disable colors; also disabled in pipes and files, and by NO_COLOR',
    helpGroup: 'GLOBAL',
  }),
}
