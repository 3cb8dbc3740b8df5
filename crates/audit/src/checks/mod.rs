//! One file a check. The folder is scanned: adding a check is adding a file.

hefu_standards::folder!("checks");
