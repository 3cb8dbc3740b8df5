//! Views of layouts: what checks of input fields, texts and accessibility ask.

use crate::attributes;
use crate::xml::{Dimension, Node, Value};

use super::{Android, XmlFile};

/// A view in a layout.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    android: &'a Android,
    file: &'a XmlFile,
    node: Node<'a>,
}

/// How large a text is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TextSize {
    /// A fixed size; only [`Sp`](crate::xml::DimensionUnit::Sp) grows with the user's setting.
    Fixed(Dimension),
    /// From the theme.
    Theme,
    /// Something else.
    Other,
}

impl<'a> View<'a> {
    pub(super) fn new(android: &'a Android, file: &'a XmlFile, node: Node<'a>) -> Self {
        Self {
            android,
            file,
            node,
        }
    }

    /// The layout file.
    #[must_use]
    pub fn file(&self) -> &'a str {
        &self.file.path
    }

    /// The element, for attributes not listed here.
    #[must_use]
    pub fn node(&self) -> Node<'a> {
        self.node
    }

    /// The view around this one; `None` for the outermost.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let node = self.node.parent()?;
        Some(Self { node, ..*self })
    }

    /// The class: as in the layout, short for platform classes.
    #[must_use]
    pub fn class(&self) -> &'a str {
        match self.node.name() {
            "view" => self
                .node
                .plain("class")
                .and_then(Value::text)
                .unwrap_or("view"),
            name => name,
        }
    }

    /// The last part of the class name.
    #[must_use]
    pub fn simple_class(&self) -> &'a str {
        self.class().rsplit('.').next().unwrap_or_default()
    }

    /// The name of its id: `password`.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self.node.platform(attributes::ID)? {
            Value::Reference(id) => {
                let name = self.android.resources.as_ref()?.name_of(*id)?;
                Some(name.rsplit('/').next().unwrap_or_default().to_owned())
            }
            Value::Text(text) => Some(text.rsplit('/').next().unwrap_or_default().to_owned()),
            _ => None,
        }
    }

    fn text_of(&self, attribute: u32) -> Option<String> {
        let value = self.node.platform(attribute)?;
        match self.android.resolve(value) {
            Value::Null => None,
            value => Some(value.to_string()),
        }
    }

    fn bool_of(&self, attribute: u32) -> Option<bool> {
        self.node
            .platform(attribute)
            .and_then(|value| self.android.resolve(value).bool())
    }

    /// The text that it shows at first.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.text_of(attributes::TEXT)
    }

    /// The hint of an empty field.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.text_of(attributes::HINT)
    }

    /// What a screen reader says.
    #[must_use]
    pub fn content_description(&self) -> Option<String> {
        self.text_of(attributes::CONTENT_DESCRIPTION)
    }

    /// The kind of input as flags; sources have words, which are translated where they matter.
    #[must_use]
    pub fn input_type(&self) -> Option<u32> {
        let value = self
            .android
            .resolve(self.node.platform(attributes::INPUT_TYPE)?);
        if let Some(flags) = value.int() {
            return Some(flags.cast_unsigned());
        }
        let words = value.text()?;
        Some(
            words
                .split('|')
                .fold(0, |flags, word| flags | input_type_word(word.trim())),
        )
    }

    /// Whether input is a password that is not shown.
    #[must_use]
    pub fn is_hidden_password(&self) -> bool {
        let by_type = self
            .input_type()
            .is_some_and(|flags| matches!(flags & 0xfff, 0x081 | 0x0e1 | 0x012));
        by_type || self.bool_of(attributes::PASSWORD) == Some(true)
    }

    /// Whether input is a password that is shown.
    #[must_use]
    pub fn is_visible_password(&self) -> bool {
        self.input_type()
            .is_some_and(|flags| flags & 0xfff == 0x091)
    }

    /// Whether the keyboard may learn and suggest words: it may unless `textNoSuggestions`.
    #[must_use]
    pub fn permits_suggestions(&self) -> bool {
        const TEXT_NO_SUGGESTIONS: u32 = 0x0008_0000;
        !self.is_hidden_password()
            && self
                .input_type()
                .is_none_or(|flags| flags & TEXT_NO_SUGGESTIONS == 0)
    }

    /// Whether it takes text input.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.simple_class().ends_with("EditText")
            || self.simple_class().ends_with("AutoCompleteTextView")
    }

    /// The size of its text.
    #[must_use]
    pub fn text_size(&self) -> Option<TextSize> {
        let value = self.node.platform(attributes::TEXT_SIZE)?;
        Some(match self.android.resolve(value) {
            Value::Dimension(dimension) => TextSize::Fixed(dimension),
            Value::ThemeAttribute(_) => TextSize::Theme,
            Value::Text(text) => dimension(&text).map_or(TextSize::Other, TextSize::Fixed),
            _ => TextSize::Other,
        })
    }

    /// `android:importantForAccessibility`: 0 automatic, 1 yes, 2 no, 4 no with everything inside.
    #[must_use]
    pub fn important_for_accessibility(&self) -> Option<i32> {
        let value = self.android.resolve(
            self.node
                .platform(attributes::IMPORTANT_FOR_ACCESSIBILITY)?,
        );
        let by_word = match value.text() {
            Some("auto") => Some(0),
            Some("yes") => Some(1),
            Some("no") => Some(2),
            Some("noHideDescendants") => Some(4),
            _ => None,
        };
        by_word.or_else(|| value.int())
    }

    /// Whether it is shown at first: neither `invisible` nor `gone`, as far as it says itself.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        let Some(value) = self.node.platform(attributes::VISIBILITY) else {
            return true;
        };
        let value = self.android.resolve(value);
        match value.text() {
            Some(word) => word == "visible",
            None => value.int().is_none_or(|number| number == 0),
        }
    }

    /// Whether assistive tools are told to pass over it, by itself or by a view around it.
    #[must_use]
    pub fn is_hidden_from_accessibility(&self) -> bool {
        const NO: i32 = 2;
        const NO_HIDE_DESCENDANTS: i32 = 4;
        let itself = self.important_for_accessibility();
        itself == Some(NO)
            || std::iter::successors(Some(*self), Self::parent)
                .any(|view| view.important_for_accessibility() == Some(NO_HIDE_DESCENDANTS))
    }

    /// Whether touches are ignored while another window covers it.
    #[must_use]
    pub fn filters_obscured_touches(&self) -> bool {
        self.bool_of(attributes::FILTER_TOUCHES_WHEN_OBSCURED)
            .unwrap_or(false)
    }

    /// Whether it reacts to touches.
    #[must_use]
    pub fn is_clickable(&self) -> bool {
        self.bool_of(attributes::CLICKABLE).unwrap_or(false)
            || self.node.platform(attributes::ON_CLICK).is_some()
            || matches!(
                self.simple_class(),
                "Button" | "ImageButton" | "FloatingActionButton"
            )
    }

    /// Whether it takes focus.
    #[must_use]
    pub fn focusable(&self) -> Option<bool> {
        self.bool_of(attributes::FOCUSABLE)
    }

    /// The method that a touch calls.
    #[must_use]
    pub fn on_click(&self) -> Option<String> {
        self.text_of(attributes::ON_CLICK)
    }

    /// The id of the view that it is the label of.
    #[must_use]
    pub fn is_label(&self) -> bool {
        self.node.platform(attributes::LABEL_FOR).is_some()
    }

    /// What a password manager may fill in.
    #[must_use]
    pub fn autofill_hints(&self) -> Option<String> {
        self.text_of(attributes::AUTOFILL_HINTS)
    }

    /// Where it stands in its file.
    #[must_use]
    pub fn xml_path(&self) -> String {
        self.node.path()
    }
}

fn input_type_word(word: &str) -> u32 {
    match word {
        "text" => 0x1,
        "textPassword" => 0x81,
        "textVisiblePassword" => 0x91,
        "textWebPassword" => 0xe1,
        "textEmailAddress" => 0x21,
        "textUri" => 0x11,
        "textPersonName" => 0x61,
        "textMultiLine" => 0x2_0001,
        "textNoSuggestions" => 0x8_0001,
        "number" => 0x2,
        "numberPassword" => 0x12,
        "numberDecimal" => 0x2002,
        "phone" => 0x3,
        "datetime" => 0x4,
        _ => 0,
    }
}

/// A dimension in text: `14sp`.
fn dimension(text: &str) -> Option<Dimension> {
    use crate::xml::DimensionUnit;
    let units = [
        ("dip", DimensionUnit::Dp),
        ("dp", DimensionUnit::Dp),
        ("sp", DimensionUnit::Sp),
        ("px", DimensionUnit::Px),
        ("pt", DimensionUnit::Pt),
        ("in", DimensionUnit::In),
        ("mm", DimensionUnit::Mm),
    ];
    let (digits, unit) = units
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))?;
    Some(Dimension {
        length: digits.trim().parse().ok()?,
        unit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::xml::{self, DimensionUnit};

    #[test]
    fn views_are_hidden_by_themselves_or_by_what_is_around_them() {
        let text = format!(
            "<FrameLayout xmlns:android=\"{}\">
              <View android:importantForAccessibility=\"no\"><View/></View>
              <View android:importantForAccessibility=\"noHideDescendants\"><View/></View>
              <View android:visibility=\"gone\"/>
            </FrameLayout>",
            xml::ANDROID_NAMESPACE
        );
        let android = Android {
            documents: vec![XmlFile {
                path: "res/layout/a.xml".to_owned(),
                type_name: "layout".to_owned(),
                document: xml::parse(text.as_bytes(), &Limits::default()).unwrap(),
            }],
            ..Android::default()
        };
        let views: Vec<_> = android.views().collect();
        let hidden = views.iter().map(View::is_hidden_from_accessibility);
        let hidden: Vec<bool> = hidden.collect();
        assert_eq!(hidden, [false, true, false, true, true, false]);
        assert!(views[4].is_visible() && !views[5].is_visible());
        assert_eq!(
            views[4].parent().map(|view| view.xml_path()),
            Some(views[3].xml_path())
        );
    }

    #[test]
    fn views_tell_what_they_take_and_say() {
        let text = format!(
            "<LinearLayout xmlns:android=\"{}\">
              <EditText android:id=\"@+id/pin\" android:inputType=\"numberPassword\"/>
              <EditText android:inputType=\"text|textNoSuggestions\" android:textSize=\"14dp\"/>
              <com.bank.Key android:onClick=\"press\" android:contentDescription=\"seven\"/>
              <EditText android:inputType=\"textVisiblePassword\" android:textSize=\"?attr/big\"/>
            </LinearLayout>",
            xml::ANDROID_NAMESPACE
        );
        let document = xml::parse(text.as_bytes(), &Limits::default()).unwrap();
        let android = Android {
            documents: vec![XmlFile {
                path: "res/layout/a.xml".to_owned(),
                type_name: "layout".to_owned(),
                document,
            }],
            ..Android::default()
        };
        let views: Vec<_> = android.views().collect();
        assert_eq!(views.len(), 5);
        assert_eq!(views[1].id().as_deref(), Some("pin"));
        assert!(views[1].is_hidden_password() && !views[1].permits_suggestions());
        assert!(!views[2].is_hidden_password() && !views[2].permits_suggestions());
        let size = Dimension {
            length: 14.0,
            unit: DimensionUnit::Dp,
        };
        assert_eq!(views[2].text_size(), Some(TextSize::Fixed(size)));
        assert_eq!(views[3].content_description().as_deref(), Some("seven"));
        assert!(views[3].is_clickable() && !views[3].is_input());
        assert!(views[4].is_visible_password());
        assert_eq!(views[4].text_size(), Some(TextSize::Other));
    }
}
