"""Forms as this house shows them: label, help, error in words, tied together for screen readers."""

from typing import Any

from django import forms


class Plain(forms.Form):
    """A form whose fields know how to render themselves with `console/field.html`."""

    template_name = "console/form.html"
    waits = False
    # Whether what may stay empty says so; a long form of mostly such fields stays silent.
    says_optional = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, (forms.TextInput, forms.NumberInput, forms.PasswordInput, forms.Textarea)):
                field.widget.attrs.setdefault("class", "form-control")
            elif isinstance(field.widget, forms.Select) and not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs.setdefault("class", "form-select")
