//! Platform attributes by name and resource id.
//!
//! In binary XML the id decides: the platform looks attributes up by it and ignores the name next
//! to it, which obfuscators blank out. Texts have names only. The ids never change once published.

/// Declares a constant for each attribute and the table behind [`name_of`] and [`id_of`].
macro_rules! attributes {
    ($($constant:ident = $id:literal, $name:literal;)+) => {
        $(
            #[doc = concat!("`android:", $name, "`")]
            pub const $constant: u32 = $id;
        )+
        /// Sorted by id.
        const ATTRIBUTES: &[(u32, &str)] = &[$(($id, $name)),+];
    };
}

attributes! {
    THEME = 0x0101_0000, "theme";
    LABEL = 0x0101_0001, "label";
    ICON = 0x0101_0002, "icon";
    NAME = 0x0101_0003, "name";
    PERMISSION = 0x0101_0006, "permission";
    READ_PERMISSION = 0x0101_0007, "readPermission";
    WRITE_PERMISSION = 0x0101_0008, "writePermission";
    PROTECTION_LEVEL = 0x0101_0009, "protectionLevel";
    PERMISSION_GROUP = 0x0101_000a, "permissionGroup";
    SHARED_USER_ID = 0x0101_000b, "sharedUserId";
    PERSISTENT = 0x0101_000d, "persistent";
    ENABLED = 0x0101_000e, "enabled";
    DEBUGGABLE = 0x0101_000f, "debuggable";
    EXPORTED = 0x0101_0010, "exported";
    PROCESS = 0x0101_0011, "process";
    TASK_AFFINITY = 0x0101_0012, "taskAffinity";
    MULTIPROCESS = 0x0101_0013, "multiprocess";
    EXCLUDE_FROM_RECENTS = 0x0101_0017, "excludeFromRecents";
    AUTHORITIES = 0x0101_0018, "authorities";
    SYNCABLE = 0x0101_0019, "syncable";
    INIT_ORDER = 0x0101_001a, "initOrder";
    GRANT_URI_PERMISSIONS = 0x0101_001b, "grantUriPermissions";
    PRIORITY = 0x0101_001c, "priority";
    LAUNCH_MODE = 0x0101_001d, "launchMode";
    SCREEN_ORIENTATION = 0x0101_001e, "screenOrientation";
    CONFIG_CHANGES = 0x0101_001f, "configChanges";
    DESCRIPTION = 0x0101_0020, "description";
    TARGET_PACKAGE = 0x0101_0021, "targetPackage";
    VALUE = 0x0101_0024, "value";
    RESOURCE = 0x0101_0025, "resource";
    MIME_TYPE = 0x0101_0026, "mimeType";
    SCHEME = 0x0101_0027, "scheme";
    HOST = 0x0101_0028, "host";
    PORT = 0x0101_0029, "port";
    PATH = 0x0101_002a, "path";
    PATH_PREFIX = 0x0101_002b, "pathPrefix";
    PATH_PATTERN = 0x0101_002c, "pathPattern";
    TEXT_APPEARANCE = 0x0101_0034, "textAppearance";
    TEXT_SIZE = 0x0101_0095, "textSize";
    TEXT_COLOR = 0x0101_0098, "textColor";
    TEXT_COLOR_HINT = 0x0101_009a, "textColorHint";
    AUTO_LINK = 0x0101_00b0, "autoLink";
    LINKS_CLICKABLE = 0x0101_00b1, "linksClickable";
    ENTRIES = 0x0101_00b2, "entries";
    ID = 0x0101_00d0, "id";
    BACKGROUND = 0x0101_00d4, "background";
    FOCUSABLE = 0x0101_00da, "focusable";
    FOCUSABLE_IN_TOUCH_MODE = 0x0101_00db, "focusableInTouchMode";
    VISIBILITY = 0x0101_00dc, "visibility";
    NEXT_FOCUS_DOWN = 0x0101_00e4, "nextFocusDown";
    CLICKABLE = 0x0101_00e5, "clickable";
    LONG_CLICKABLE = 0x0101_00e6, "longClickable";
    SAVE_ENABLED = 0x0101_00e7, "saveEnabled";
    LAYOUT = 0x0101_00f2, "layout";
    LAYOUT_WIDTH = 0x0101_00f4, "layout_width";
    LAYOUT_HEIGHT = 0x0101_00f5, "layout_height";
    CHECKED = 0x0101_0106, "checked";
    SRC = 0x0101_0119, "src";
    MIN_WIDTH = 0x0101_013f, "minWidth";
    MIN_HEIGHT = 0x0101_0140, "minHeight";
    TEXT = 0x0101_014f, "text";
    HINT = 0x0101_0150, "hint";
    MAX_LINES = 0x0101_0153, "maxLines";
    PASSWORD = 0x0101_015c, "password";
    SINGLE_LINE = 0x0101_015d, "singleLine";
    MAX_LENGTH = 0x0101_0160, "maxLength";
    NUMERIC = 0x0101_0165, "numeric";
    DIGITS = 0x0101_0166, "digits";
    PHONE_NUMBER = 0x0101_0167, "phoneNumber";
    EDITABLE = 0x0101_016b, "editable";
    DRAWABLE_LEFT = 0x0101_016f, "drawableLeft";
    TITLE = 0x0101_01e1, "title";
    KEY = 0x0101_01e8, "key";
    SUMMARY = 0x0101_01e9, "summary";
    DEFAULT_VALUE = 0x0101_01ed, "defaultValue";
    ENTRY_VALUES = 0x0101_01f8, "entryValues";
    TARGET_ACTIVITY = 0x0101_0202, "targetActivity";
    ALLOW_TASK_REPARENTING = 0x0101_0204, "allowTaskReparenting";
    MIN_SDK_VERSION = 0x0101_020c, "minSdkVersion";
    VERSION_CODE = 0x0101_021b, "versionCode";
    VERSION_NAME = 0x0101_021c, "versionName";
    INPUT_TYPE = 0x0101_0220, "inputType";
    PRIVATE_IME_OPTIONS = 0x0101_0223, "privateImeOptions";
    WINDOW_SOFT_INPUT_MODE = 0x0101_022b, "windowSoftInputMode";
    NO_HISTORY = 0x0101_022d, "noHistory";
    IME_OPTIONS = 0x0101_0264, "imeOptions";
    ANY_DENSITY = 0x0101_026c, "anyDensity";
    ON_CLICK = 0x0101_026f, "onClick";
    TARGET_SDK_VERSION = 0x0101_0270, "targetSdkVersion";
    MAX_SDK_VERSION = 0x0101_0271, "maxSdkVersion";
    TEST_ONLY = 0x0101_0272, "testOnly";
    CONTENT_DESCRIPTION = 0x0101_0273, "contentDescription";
    BACKUP_AGENT = 0x0101_027f, "backupAgent";
    ALLOW_BACKUP = 0x0101_0280, "allowBackup";
    GL_ES_VERSION = 0x0101_0281, "glEsVersion";
    SMALL_SCREENS = 0x0101_0284, "smallScreens";
    NORMAL_SCREENS = 0x0101_0285, "normalScreens";
    LARGE_SCREENS = 0x0101_0286, "largeScreens";
    REQUIRED = 0x0101_028e, "required";
    KILL_AFTER_RESTORE = 0x0101_029c, "killAfterRestore";
    INSTALL_LOCATION = 0x0101_02b7, "installLocation";
    VM_SAFE_MODE = 0x0101_02b8, "vmSafeMode";
    RESTORE_ANY_VERSION = 0x0101_02ba, "restoreAnyVersion";
    XLARGE_SCREENS = 0x0101_02bf, "xlargeScreens";
    FILTER_TOUCHES_WHEN_OBSCURED = 0x0101_02c4, "filterTouchesWhenObscured";
    HARDWARE_ACCELERATED = 0x0101_02d3, "hardwareAccelerated";
    TEXT_IS_SELECTABLE = 0x0101_0316, "textIsSelectable";
    NEXT_FOCUS_FORWARD = 0x0101_033c, "nextFocusForward";
    LARGE_HEAP = 0x0101_035a, "largeHeap";
    REQUIRES_SMALLEST_WIDTH_DP = 0x0101_0364, "requiresSmallestWidthDp";
    COMPATIBLE_WIDTH_LIMIT_DP = 0x0101_0365, "compatibleWidthLimitDp";
    DRAWABLE_START = 0x0101_0392, "drawableStart";
    ISOLATED_PROCESS = 0x0101_03a9, "isolatedProcess";
    IMPORTANT_FOR_ACCESSIBILITY = 0x0101_03aa, "importantForAccessibility";
    FONT_FAMILY = 0x0101_03ac, "fontFamily";
    SUPPORTS_RTL = 0x0101_03af, "supportsRtl";
    SINGLE_USER = 0x0101_03bf, "singleUser";
    LABEL_FOR = 0x0101_03c6, "labelFor";
    ACCESSIBILITY_LIVE_REGION = 0x0101_03ee, "accessibilityLiveRegion";
    DOCUMENT_LAUNCH_MODE = 0x0101_0445, "documentLaunchMode";
    FULL_BACKUP_ONLY = 0x0101_0473, "fullBackupOnly";
    RELINQUISH_TASK_IDENTITY = 0x0101_0476, "relinquishTaskIdentity";
    EXTRACT_NATIVE_LIBS = 0x0101_04ea, "extractNativeLibs";
    FULL_BACKUP_CONTENT = 0x0101_04eb, "fullBackupContent";
    USES_CLEARTEXT_TRAFFIC = 0x0101_04ec, "usesCleartextTraffic";
    LOCK_TASK_MODE = 0x0101_04ed, "lockTaskMode";
    AUTO_VERIFY = 0x0101_04ee, "autoVerify";
    RESIZEABLE_ACTIVITY = 0x0101_04f6, "resizeableActivity";
    SUPPORTS_PICTURE_IN_PICTURE = 0x0101_04f7, "supportsPictureInPicture";
    DIRECT_BOOT_AWARE = 0x0101_0505, "directBootAware";
    NETWORK_SECURITY_CONFIG = 0x0101_0527, "networkSecurityConfig";
    TOOLTIP_TEXT = 0x0101_0534, "tooltipText";
    APP_CATEGORY = 0x0101_0545, "appCategory";
    AUTOFILL_HINTS = 0x0101_0556, "autofillHints";
    IMPORTANT_FOR_AUTOFILL = 0x0101_0558, "importantForAutofill";
    MAX_ASPECT_RATIO = 0x0101_0560, "maxAspectRatio";
    SHOW_WHEN_LOCKED = 0x0101_0569, "showWhenLocked";
    COMPILE_SDK_VERSION = 0x0101_0572, "compileSdkVersion";
    SCREEN_READER_FOCUSABLE = 0x0101_0574, "screenReaderFocusable";
    VERSION_CODE_MAJOR = 0x0101_0576, "versionCodeMajor";
    APP_COMPONENT_FACTORY = 0x0101_057a, "appComponentFactory";
    ACCESSIBILITY_PANE_TITLE = 0x0101_057c, "accessibilityPaneTitle";
    ACCESSIBILITY_HEADING = 0x0101_0580, "accessibilityHeading";
    FOREGROUND_SERVICE_TYPE = 0x0101_0599, "foregroundServiceType";
    HAS_FRAGILE_USER_DATA = 0x0101_059a, "hasFragileUserData";
    REQUEST_LEGACY_EXTERNAL_STORAGE = 0x0101_0603, "requestLegacyExternalStorage";
    PRESERVE_LEGACY_EXTERNAL_STORAGE = 0x0101_0614, "preserveLegacyExternalStorage";
    PATH_SUFFIX = 0x0101_061e, "pathSuffix";
    PATH_ADVANCED_PATTERN = 0x0101_0620, "pathAdvancedPattern";
    MEMTAG_MODE = 0x0101_0624, "memtagMode";
    KNOWN_CERTS = 0x0101_062a, "knownCerts";
    DATA_EXTRACTION_RULES = 0x0101_063e, "dataExtractionRules";
    IS_ACCESSIBILITY_TOOL = 0x0101_0641, "isAccessibilityTool";
    USES_PERMISSION_FLAGS = 0x0101_0644, "usesPermissionFlags";
    SHARED_USER_MAX_SDK_VERSION = 0x0101_064d, "sharedUserMaxSdkVersion";
    REQUIRED_SPLIT_TYPES = 0x0101_064e, "requiredSplitTypes";
    SPLIT_TYPES = 0x0101_064f, "splitTypes";
    LOCALE_CONFIG = 0x0101_065b, "localeConfig";
}

/// The name of a platform attribute, if it is one that is used here.
#[must_use]
pub fn name_of(id: u32) -> Option<&'static str> {
    let position = ATTRIBUTES.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    ATTRIBUTES.get(position).map(|(_, name)| *name)
}

/// The id of the platform attribute `android:name`, if it is one that is used here.
#[must_use]
pub fn id_of(name: &str) -> Option<u32> {
    ATTRIBUTES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_reversible() {
        assert!(ATTRIBUTES.is_sorted_by(|left, right| left.0 < right.0));
        assert!(ATTRIBUTES.iter().all(|(id, name)| id_of(name) == Some(*id)));
        assert_eq!(name_of(EXPORTED), Some("exported"));
        assert_eq!(name_of(0), None);
    }
}
