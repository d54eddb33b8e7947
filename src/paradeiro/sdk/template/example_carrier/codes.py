"""In: a code of the carrier; out: its status and reason. One line each, with the carrier's own text."""

from paradeiro.domain.words import Reason, Status

# Source: replace by the address and the date of the carrier's published list. A code that is not here is `unknown`.
CODES: dict[str, tuple[Status, Reason | None]] = {
    "LABEL_CREATED": (Status.REGISTERED, None),  # "Etiqueta criada"
    "PICKED_UP": (Status.ACCEPTED, None),  # "Coletado"
    "IN_TRANSIT": (Status.IN_TRANSIT, None),  # "Em trânsito"
    "OUT_FOR_DELIVERY": (Status.OUT_FOR_DELIVERY, None),  # "Saiu para entrega"
    "NOBODY_HOME": (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),  # "Destinatário ausente"
    "RETURNING": (Status.RETURNING, None),  # "Em devolução"
    "RETURNED": (Status.RETURNED, None),  # "Devolvido ao remetente"
    "DELIVERED": (Status.DELIVERED, None),  # "Entregue"
}
