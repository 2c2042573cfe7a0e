import { createBackend } from '@backstage/backend-defaults';

// A Backstage backend that needs no portal server: it holds the sign-in with Coder itself.
const backend = createBackend();

backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@coder-backstage/plugin-auth-backend-module'));

backend.start();
