"""What a new form starts with, by purpose: fields that such a form asks for, and both consent boxes."""

from .models import Form
from .policy.definition import ConsentBox, ConsentPurpose, Definition, Field, FieldKind, Text
from .wording import DEFAULT_CONSENTS

_K = FieldKind
_FIELDS: dict[str, tuple[tuple[FieldKind, bool], ...]] = {
    Form.Purpose.CONTACT: (
        *((_K.NAME, True), (_K.COMPANY, True), (_K.MOBILE, True), (_K.EMAIL, False), (_K.TITLE, False)),
        *((_K.COMPANY_SIZE, False), (_K.MESSAGE, False)),
    ),
    Form.Purpose.TRIAL: (
        *((_K.NAME, True), (_K.COMPANY, True), (_K.MOBILE, True), (_K.EMAIL, True), (_K.TITLE, True)),
        *((_K.COMPANY_SIZE, True), (_K.INDUSTRY, False), (_K.MESSAGE, False)),
    ),
    Form.Purpose.DOWNLOAD: (
        *((_K.NAME, True), (_K.EMAIL, True), (_K.COMPANY, True), (_K.TITLE, False), (_K.MOBILE, False)),
    ),
    Form.Purpose.WEBINAR: (
        *((_K.NAME, True), (_K.MOBILE, True), (_K.COMPANY, True), (_K.TITLE, False), (_K.EMAIL, False)),
    ),
    Form.Purpose.SUBSCRIBE: ((_K.EMAIL, True), (_K.NAME, False)),
}


def starter(purpose: str) -> Definition:
    """The definition that a new form of this purpose begins with."""
    return Definition(
        fields=tuple(Field(kind.value, kind, required) for kind, required in _FIELDS[purpose]),
        consents=tuple(
            ConsentBox(
                purpose_, Text(*DEFAULT_CONSENTS[purpose_]), required=purpose_ is ConsentPurpose.PRIVACY
            )
            for purpose_ in ConsentPurpose
        ),
    )
