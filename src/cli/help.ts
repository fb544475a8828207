/** What `eventflux --help` prints. */
export const HELP = `eventflux: windows, watermarks and aggregates over streams of events

usage
  eventflux run PLAN [FILE...] [options]

  PLAN is a pipeline: a .json file (what pipeline.toJSON() gives), or a module (.js, .mjs, .cjs, .ts where the runtime
  reads it) that exports one, or a function of a configuration that returns one.
  FILEs are read one after the other; none, or -, is the standard input. Input compressed with gzip is recognised.

examples
  cat bids.csv | eventflux run q5.json
  eventflux run q5.json bids-*.ndjson.gz --format csv --output windows.csv
  eventflux run highs.mjs access.log --follow --on-error broken.ndjson
  eventflux run q5.json --explain

input
  -i, --input FORMAT     ndjson or csv. By default what the file's name says (.ndjson .jsonl .csv .tsv), else what
                         the input begins with
      --delimiter CHAR   between the fields of CSV that is read; , by default, a tab ('\\t') for .tsv
      --timestamps HOW   ms (integers, the default) or iso (ISO 8601 text)
      --follow           goes on with what is appended to the last FILE, as tail -F does
      --on-error HOW     for lines that can't be read: fail (the default), skip, or a file that takes them as NDJSON

output
  -f, --format FORMAT    ndjson, csv or table. By default what the name of --output says, else a table on a terminal
                         and ndjson into a pipe
  -o, --output FILE      instead of the standard output; a name with .gz is compressed
      --branch NAME=FILE the rows of a side branch of the plan (tee, late rows); again for each

running
      --checkpoint DIR   keeps checkpoints there, and goes on from the newest: for FILEs, which are read again up to where
                         it was. Interrupted, it keeps open windows for the next run; the output is added to
      --engine ENGINE    wasm or js, for plans that leave it open
      --export NAME      what a module exports the pipeline as; default, then pipeline, by default
      --allow-modules    lets a .json plan load the functions it names from modules: only for plans you trust

telling
      --explain          prints how the plan would run, and reads nothing
      --metrics          at the end prints to the standard error what became of every row, and how long it took
  -q, --quiet            no progress, no summary
  -h, --help             this text
  -V, --version          the version

exit codes
  0    everything was read and written; or the reader of the output had enough (| head)
  1    the input, the output or the plan failed while running
  2    the command, the plan, a file or the place of an output could not be used; nothing was read
  130  interrupted (Ctrl-C, SIGTERM: 143): what was read was taken to its end, all windows printed (but see
       --checkpoint). A second Ctrl-C stops at once
`
