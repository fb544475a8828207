/** Where the script of the workers is: beside the built files. */
export const workerUrl = (): URL => new URL('./worker.js', import.meta.url)
