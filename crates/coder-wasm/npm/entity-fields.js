import { write } from './errors.js';

/** Writes the parts of an entity that are read: relations and the rest may be large. */
export function writeEntity(entity) {
  if (typeof entity !== 'object' || entity === null || Array.isArray(entity)) {
    return write('the entity', entity);
  }
  const { apiVersion, kind, metadata, spec } = entity;
  return write('the entity', {
    apiVersion,
    kind,
    metadata: metadata && {
      name: metadata.name,
      namespace: metadata.namespace,
      annotations: metadata.annotations,
    },
    spec: spec && { coder: spec.coder },
  });
}
