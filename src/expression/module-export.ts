/** A function another thread can find for itself. */
export interface ModuleExport {
  readonly module: string
  readonly export: string
}

/** Whether `value` names a module's export. */
export function isModuleExport(value: unknown): value is ModuleExport {
  const given = value as Partial<ModuleExport> | null
  return typeof given === 'object' && typeof given?.module === 'string' && typeof given.export === 'string'
}
