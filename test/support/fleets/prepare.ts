// Installs the packages of programs in other languages. `npm test` runs this before the tests, because test files that run
// side by side must not install the same packages at the same time.
import {redissonProgram} from './held-locks.js'
import {pythonProgram} from './programs.js'

redissonProgram()
pythonProgram('locks.py')
