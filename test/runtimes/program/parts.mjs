// What the program uses of the library, by name, as bundlers like it.
import { count, createRuntime, f64, min, pipeline, schema, sum, timestamp, tumbling, utf8 } from 'eventflux'

export const library = { count, createRuntime, f64, min, pipeline, schema, sum, timestamp, tumbling, utf8 }
