import fc from 'fast-check'

// Every run of the tests tries the same cases, so that a red run means a change. FC_SEED=random (or a number) searches
// further: a failure then prints the seed that repeats it.
const { FC_SEED } = process.env
if (FC_SEED !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(FC_SEED ?? 20_260) })
