//! The part of the platform's class hierarchy that apps extend. The platform is not in the
//! package, so a call to `com.bank.Login.getSharedPreferences` would otherwise not be recognised
//! as one to `android.content.Context`.

/// The superclass of a platform or support-library class, in dotted form, if it is known here.
#[must_use]
pub(crate) fn superclass_of(class: &str) -> Option<&'static str> {
    let position = SUPERCLASSES
        .binary_search_by_key(&class, |(class, _)| class)
        .ok()?;
    SUPERCLASSES
        .get(position)
        .map(|(_, superclass)| *superclass)
}

/// Sorted by class.
#[rustfmt::skip]
const SUPERCLASSES: &[(&str, &str)] = &[
    ("android.accessibilityservice.AccessibilityService", "android.app.Service"),
    ("android.accounts.AccountAuthenticatorActivity", "android.app.Activity"),
    ("android.app.Activity", "android.view.ContextThemeWrapper"),
    ("android.app.ActivityGroup", "android.app.Activity"),
    ("android.app.AlertDialog", "android.app.Dialog"),
    ("android.app.Application", "android.content.ContextWrapper"),
    ("android.app.ExpandableListActivity", "android.app.Activity"),
    ("android.app.IntentService", "android.app.Service"),
    ("android.app.ListActivity", "android.app.Activity"),
    ("android.app.NativeActivity", "android.app.Activity"),
    ("android.app.Service", "android.content.ContextWrapper"),
    ("android.app.TabActivity", "android.app.ActivityGroup"),
    ("android.app.job.JobService", "android.app.Service"),
    ("android.content.ContextWrapper", "android.content.Context"),
    ("android.content.MutableContextWrapper", "android.content.ContextWrapper"),
    ("android.inputmethodservice.AbstractInputMethodService", "android.app.Service"),
    ("android.inputmethodservice.InputMethodService", "android.inputmethodservice.AbstractInputMethodService"),
    ("android.net.VpnService", "android.app.Service"),
    ("android.nfc.cardemulation.HostApduService", "android.app.Service"),
    ("android.preference.PreferenceActivity", "android.app.ListActivity"),
    ("android.service.notification.NotificationListenerService", "android.app.Service"),
    ("android.support.multidex.MultiDexApplication", "android.app.Application"),
    ("android.support.v4.app.FragmentActivity", "android.app.Activity"),
    ("android.support.v7.app.ActionBarActivity", "android.support.v4.app.FragmentActivity"),
    ("android.support.v7.app.AppCompatActivity", "android.support.v4.app.FragmentActivity"),
    ("android.view.ContextThemeWrapper", "android.content.ContextWrapper"),
    ("android.view.SurfaceView", "android.view.View"),
    ("android.view.TextureView", "android.view.View"),
    ("android.view.ViewGroup", "android.view.View"),
    ("android.webkit.WebView", "android.widget.AbsoluteLayout"),
    ("android.widget.AbsoluteLayout", "android.view.ViewGroup"),
    ("android.widget.AutoCompleteTextView", "android.widget.EditText"),
    ("android.widget.Button", "android.widget.TextView"),
    ("android.widget.CheckBox", "android.widget.CompoundButton"),
    ("android.widget.CompoundButton", "android.widget.Button"),
    ("android.widget.EditText", "android.widget.TextView"),
    ("android.widget.FrameLayout", "android.view.ViewGroup"),
    ("android.widget.ImageButton", "android.widget.ImageView"),
    ("android.widget.ImageView", "android.view.View"),
    ("android.widget.LinearLayout", "android.view.ViewGroup"),
    ("android.widget.MultiAutoCompleteTextView", "android.widget.AutoCompleteTextView"),
    ("android.widget.RelativeLayout", "android.view.ViewGroup"),
    ("android.widget.TextView", "android.view.View"),
    ("androidx.activity.ComponentActivity", "android.app.Activity"),
    ("androidx.appcompat.app.AppCompatActivity", "androidx.fragment.app.FragmentActivity"),
    ("androidx.appcompat.widget.AppCompatEditText", "android.widget.EditText"),
    ("androidx.appcompat.widget.AppCompatTextView", "android.widget.TextView"),
    ("androidx.fragment.app.FragmentActivity", "androidx.activity.ComponentActivity"),
    ("androidx.multidex.MultiDexApplication", "android.app.Application"),
    ("java.io.FileInputStream", "java.io.InputStream"),
    ("java.io.FileOutputStream", "java.io.OutputStream"),
    ("java.io.FileWriter", "java.io.OutputStreamWriter"),
    ("java.io.OutputStreamWriter", "java.io.Writer"),
    ("java.io.PrintStream", "java.io.FilterOutputStream"),
    ("java.security.SecureRandom", "java.util.Random"),
    ("javax.net.ssl.HttpsURLConnection", "java.net.HttpURLConnection"),
    ("javax.net.ssl.SSLSocket", "java.net.Socket"),
    ("javax.net.ssl.SSLSocketFactory", "javax.net.SocketFactory"),
    ("javax.net.ssl.X509ExtendedTrustManager", "javax.net.ssl.X509TrustManager"),
    ("javax.net.ssl.X509TrustManager", "javax.net.ssl.TrustManager"),
];

#[cfg(test)]
mod tests {
    use super::{SUPERCLASSES, superclass_of};

    #[test]
    fn the_table_is_sorted_and_ends_everywhere() {
        assert!(SUPERCLASSES.is_sorted_by(|left, right| left.0 < right.0));
        for (class, _) in SUPERCLASSES {
            let mut at = *class;
            let mut steps = 0;
            while let Some(superclass) = superclass_of(at) {
                at = superclass;
                steps += 1;
                assert!(steps < 20, "{class} has no end");
            }
        }
        assert_eq!(
            superclass_of("android.app.Activity"),
            Some("android.view.ContextThemeWrapper")
        );
        assert_eq!(superclass_of("com.bank.Login"), None);
    }
}
