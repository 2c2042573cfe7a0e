//! The demo's files: app-config and catalog, as an operator would write them.

use std::io;
use std::path::Path;

const FILES: &[(&str, &str)] = &[
    ("app-config.yaml", include_str!("../../demo/app-config.yaml")),
    ("app-config.local.yaml", include_str!("../../demo/app-config.local.yaml")),
    ("catalog/org.yaml", include_str!("../../demo/catalog/org.yaml")),
    (
        "catalog/data-notebooks/catalog-info.yaml",
        include_str!("../../demo/catalog/data-notebooks/catalog-info.yaml"),
    ),
    (
        "catalog/handbook/catalog-info.yaml",
        include_str!("../../demo/catalog/handbook/catalog-info.yaml"),
    ),
    (
        "catalog/payments/catalog-info.yaml",
        include_str!("../../demo/catalog/payments/catalog-info.yaml"),
    ),
    (
        "catalog/python-project/catalog-info.yaml",
        include_str!("../../demo/catalog/python-project/catalog-info.yaml"),
    ),
    (
        "catalog/web-shop/catalog-info.yaml",
        include_str!("../../demo/catalog/web-shop/catalog-info.yaml"),
    ),
];

/// Puts the files below `directory`.
pub(super) fn write_to(directory: &Path) -> io::Result<()> {
    for (path, text) in FILES {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}
