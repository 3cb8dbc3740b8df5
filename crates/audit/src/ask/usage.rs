//! What iOS asks the user for before an app gets it, and by which classes apps get at it.

/// A kind of data or device that the user is asked for.
#[derive(Debug)]
pub(crate) struct Usage {
    /// The keys of the property list that tell the user why; any of them will do.
    pub(crate) keys: &'static [&'static str],
    /// Classes that nobody uses for anything else.
    pub(crate) classes: &'static [&'static str],
}

/// The kinds that apps ask for most. Classes that also serve without permission, such as the
/// picker of pictures, are left out.
pub(crate) const USES: [Usage; 13] = [
    Usage {
        keys: &["NSCameraUsageDescription"],
        classes: &["AVCaptureDevice", "AVCaptureDeviceInput"],
    },
    Usage {
        keys: &["NSMicrophoneUsageDescription"],
        classes: &["AVAudioRecorder"],
    },
    Usage {
        keys: &[
            "NSPhotoLibraryUsageDescription",
            "NSPhotoLibraryAddUsageDescription",
        ],
        classes: &["PHPhotoLibrary", "PHAsset", "ALAssetsLibrary"],
    },
    Usage {
        keys: &[
            "NSLocationWhenInUseUsageDescription",
            "NSLocationAlwaysAndWhenInUseUsageDescription",
            "NSLocationAlwaysUsageDescription",
            "NSLocationUsageDescription",
        ],
        classes: &["CLLocationManager"],
    },
    Usage {
        keys: &["NSContactsUsageDescription"],
        classes: &["CNContactStore"],
    },
    Usage {
        keys: &["NSFaceIDUsageDescription"],
        classes: &["LAContext"],
    },
    Usage {
        keys: &[
            "NSCalendarsUsageDescription",
            "NSRemindersUsageDescription",
            "NSCalendarsFullAccessUsageDescription",
        ],
        classes: &["EKEventStore"],
    },
    Usage {
        keys: &[
            "NSBluetoothAlwaysUsageDescription",
            "NSBluetoothPeripheralUsageDescription",
        ],
        classes: &["CBCentralManager", "CBPeripheralManager"],
    },
    Usage {
        keys: &["NSMotionUsageDescription"],
        classes: &["CMMotionActivityManager", "CMPedometer"],
    },
    Usage {
        keys: &["NSSpeechRecognitionUsageDescription"],
        classes: &["SFSpeechRecognizer"],
    },
    Usage {
        keys: &["NSUserTrackingUsageDescription"],
        classes: &["ATTrackingManager"],
    },
    Usage {
        keys: &[
            "NSHealthShareUsageDescription",
            "NSHealthUpdateUsageDescription",
        ],
        classes: &["HKHealthStore"],
    },
    Usage {
        keys: &["NSAppleMusicUsageDescription"],
        classes: &["MPMediaLibrary"],
    },
];
