/**
 * Signing in with Coder, and Coder's workspaces, in a Backstage backend of its own: without the portal server.
 *
 * @packageDocumentation
 */
export { coderFeatures as default, authModule, coderProvider, coderRoutesPlugin } from './module';
export type { Catalog, Handler, SharedHandler } from './handler';
