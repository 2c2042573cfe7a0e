import '@backstage/cli/asset-types';
import ReactDOM from 'react-dom/client';
import '@backstage/ui/css/styles.css';

/** Loads the app of the legacy system where the browser asks for it: `localStorage.system = 'legacy'`. */
function load() {
  return localStorage.getItem('system') === 'legacy' ? import('./legacy/App') : import('./App');
}

load().then(({ default: app }) =>
  ReactDOM.createRoot(document.getElementById('root')!).render(app),
);
