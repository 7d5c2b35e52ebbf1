import type {Addresses} from '../src/cli/connection/default-addresses.js'

/** The environment of everything that the demo starts; it connects to the given stack only. */
export function demoEnvironment(shell: NodeJS.ProcessEnv, stack: Addresses): Record<string, string>
