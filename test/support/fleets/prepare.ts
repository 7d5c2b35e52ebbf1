// Installs the packages of programs in other languages and builds them. `npm test` runs this before the tests, because two test
// files must not install the same packages at the same time, and a build slows down the tests next to it.
import {redissonProgram} from './held-locks.js'
import {goProgram, pythonProgram} from './programs.js'
import {pulsarAdminClasspath} from '../shells/pulsar-admin.js'

redissonProgram()
pulsarAdminClasspath()
pythonProgram('locks.py')
goProgram('fleet')
goProgram('locks')
