"""In: nothing; out: every sentence in Spanish."""

from paradeiro.domain.words import Reason, Status
from paradeiro.sdk.wording.catalogue import (
    Calendar,
    Catalogue,
    Correction,
    Labels,
    Language,
    Lateness,
    Prepositions,
    Reminder,
    StatusWording,
    Step,
)

_WAIT = "No tienes que hacer nada por ahora: te avisamos en cuanto haya novedades."
_TALK = "Habla con la tienda para acordar una solución."
_TRIED = "Hubo un intento de entrega[ {when}][ {at}]"

WORDS = {
    (Status.REGISTERED, None): StatusWording(
        "En preparación",
        "La tienda está preparando el paquete.",
        "No tienes que hacer nada: te avisamos cuando lo reciba el transportista.",
    ),
    (Status.ACCEPTED, None): StatusWording(
        "Enviado",
        "El transportista recibió el paquete[ {when}][ {at}].",
        "No tienes que hacer nada: sigue su viaje y te avisamos cuando avance.",
    ),
    (Status.IN_TRANSIT, None): StatusWording(
        "En camino",
        "Está en camino[ {to}][: pasó {via}[ {when}]].",
        "No tienes que hacer nada: te avisamos cuando salga a reparto.",
    ),
    (Status.IN_TRANSIT, Reason.CUSTOMS): StatusWording(
        "En la aduana",
        "Está pasando por la aduana[ {at}].",
        "No tienes que hacer nada: es un paso normal de un envío del exterior.",
    ),
    (Status.IN_TRANSIT, Reason.DELAYED): StatusWording(
        "En camino, con retraso",
        "Está en camino[ {to}], con retraso[: pasó {via}[ {when}]].",
        "No tienes que hacer nada: te avisamos en cuanto avance.",
    ),
    (Status.IN_TRANSIT, Reason.MISROUTED): StatusWording(
        "Corrigiendo la ruta",
        "Fue enviado al lugar equivocado y lo están redirigiendo[ {to}].",
        "No tienes que hacer nada: el transportista corrige la ruta, pero puede tardar más.",
    ),
    (Status.OUT_FOR_DELIVERY, None): StatusWording(
        "Salió a reparto",
        "Salió a reparto[ {when}][ {at}].",
        "Solo hace falta que alguien esté en la dirección para recibirlo.",
    ),
    (Status.AVAILABLE_FOR_PICKUP, None): StatusWording(
        "Listo para retirar",
        "Está listo para retirar[ {at}].",
        "Lleva un documento con foto y el código de seguimiento.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, None): StatusWording(
        "Intento de entrega",
        f"{_TRIED}, sin éxito.",
        "No tienes que hacer nada: suele haber otro intento el siguiente día hábil.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT): StatusWording(
        "Intento de entrega",
        f"{_TRIED}, pero no había quien lo recibiera.",
        "No tienes que hacer nada: el repartidor suele volver el siguiente día hábil.",
    ),
    (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM): StatusWording(
        "Dirección no encontrada",
        f"{_TRIED}, pero no se encontró la dirección.",
        "Revisa la dirección del pedido y habla con la tienda si falta algo.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED): StatusWording(
        "Dirección anterior",
        f"{_TRIED}, pero dijeron que ya no vives en esa dirección.",
        "Revisa la dirección del pedido y habla con la tienda: si no, el paquete vuelve a ella.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Nombre no reconocido",
        f"{_TRIED}, pero nadie en la dirección reconoció el nombre del paquete.",
        "Revisa el nombre y la dirección del pedido y habla con la tienda: si no, el paquete vuelve a ella.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.REFUSED): StatusWording(
        "No aceptado",
        f"{_TRIED}, pero el paquete no fue aceptado en la dirección.",
        "Si fue un error, habla con la tienda: el paquete puede volver a ella.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA): StatusWording(
        "Fuera del área de reparto",
        f"{_TRIED}, pero el transportista no reparte en esa dirección.",
        "Espera un poco: suele quedar para retirar cerca de ti, y te avisamos dónde.",
    ),
    (Status.EXCEPTION, None): StatusWording("Imprevisto", "Hubo un imprevisto con el paquete[ {when}][ {at}].", _WAIT),
    (Status.EXCEPTION, Reason.ADDRESS_PROBLEM): StatusWording(
        "Dirección incompleta",
        "El paquete está detenido[ {at}]: falta algo en la dirección.",
        "Revisa la dirección del pedido y habla con la tienda para corregirla.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_MOVED): StatusWording(
        "Dirección anterior",
        "El paquete está detenido[ {at}]: dijeron que ya no vives en esa dirección.",
        "Habla con la tienda para darle tu dirección actual.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Nombre no reconocido",
        "El paquete está detenido[ {at}]: nadie en la dirección reconoció el nombre que lleva.",
        "Revisa el nombre y la dirección del pedido y habla con la tienda para corregirlos.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS_HOLD): StatusWording(
        "Retenido en la aduana",
        "El paquete está retenido en la aduana[ {at}].",
        "Pregunta al transportista si necesita algún documento tuyo.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.PAYMENT_DUE): StatusWording(
        "Pendiente de pago",
        "El paquete espera el pago de una tasa para seguir su viaje.",
        "Paga en el sitio del transportista con el código de seguimiento. Desconfía de cobros por mensaje.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS): StatusWording(
        "En la aduana", "Está en la aduana[ {at}].", "No tienes que hacer nada: te avisamos cuando lo liberen."
    ),
    (Status.EXCEPTION, Reason.ON_HOLD): StatusWording(
        "Detenido", "El paquete está detenido en el transportista[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DELAYED): StatusWording(
        "Con retraso",
        "El viaje del paquete se retrasó[ {at}].",
        "No tienes que hacer nada: te avisamos en cuanto avance.",
    ),
    (Status.EXCEPTION, Reason.MISROUTED): StatusWording(
        "Corrigiendo la ruta",
        "El paquete fue enviado al lugar equivocado[ {when}].",
        "No tienes que hacer nada: el transportista corrige la ruta, pero puede tardar más.",
    ),
    (Status.EXCEPTION, Reason.NOT_FOUND): StatusWording(
        "En búsqueda", "El transportista está buscando el paquete[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DAMAGED): StatusWording(
        "Dañado", "El paquete se dañó en el transporte[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.LOST): StatusWording(
        "Extraviado", "El transportista perdió el paquete. Lo sentimos mucho.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.STOLEN): StatusWording(
        "Robado", "El paquete fue robado durante el transporte. Lo sentimos mucho.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.SEIZED): StatusWording(
        "Incautado", "El paquete fue incautado por las autoridades[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.DESTROYED): StatusWording(
        "Destruido", "El paquete fue destruido y no será entregado. Lo sentimos mucho.", _TALK, act=True
    ),
    (Status.RETURNING, None): StatusWording(
        "Volviendo a la tienda",
        "El paquete está volviendo a la tienda.",
        "Si todavía quieres recibirlo, habla con la tienda.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_MOVED): StatusWording(
        "De vuelta a la tienda",
        "El paquete está volviendo a la tienda: dijeron que ya no vives en esa dirección.",
        "Si aún lo quieres, habla con la tienda y dale tu dirección actual.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "De vuelta a la tienda",
        "El paquete está volviendo a la tienda: nadie en la dirección reconoció el nombre que lleva.",
        "Si aún lo quieres, habla con la tienda y revisa el nombre y la dirección.",
    ),
    (Status.RETURNED, None): StatusWording(
        "Devuelto a la tienda",
        "El paquete volvió a la tienda[ {when}].",
        "Habla con la tienda para acordar un nuevo envío o el reembolso.",
    ),
    (Status.DELIVERED, None): StatusWording(
        "Entregado",
        "El paquete fue entregado[ {when}][ {at}].",
        "No tienes que hacer nada. Si no lo tienes contigo, habla con la tienda.",
    ),
    (Status.CANCELLED, None): StatusWording(
        "Envío cancelado",
        "El envío de este paquete fue cancelado.",
        "Si no lo esperabas, habla con la tienda.",
    ),
    (Status.UNKNOWN, None): StatusWording(
        "Sin noticias aún", "Todavía no hay noticias claras del transportista.", _WAIT
    ),
}

REASONS = {
    Reason.RECIPIENT_ABSENT: "no había quien lo recibiera",
    Reason.RECIPIENT_MOVED: "dijeron que ya no vives en esa dirección",
    Reason.RECIPIENT_UNKNOWN: "nadie en la dirección reconoció el nombre del paquete",
    Reason.ADDRESS_PROBLEM: "falta algo en la dirección",
    Reason.REFUSED: "el paquete no fue aceptado en la dirección",
    Reason.CUSTOMS_HOLD: "retenido en la aduana",
    Reason.PAYMENT_DUE: "falta pagar una tasa",
    Reason.CUSTOMS: "está en la aduana",
    Reason.ON_HOLD: "está detenido en el transportista",
    Reason.RESTRICTED_AREA: "el transportista no reparte en esa dirección",
    Reason.DAMAGED: "el paquete se dañó",
    Reason.LOST: "el paquete se perdió",
    Reason.STOLEN: "el paquete fue robado",
    Reason.SEIZED: "el paquete fue incautado",
    Reason.DESTROYED: "el paquete fue destruido",
    Reason.DELAYED: "el viaje se retrasó",
    Reason.MISROUTED: "fue enviado al lugar equivocado",
    Reason.PICKUP_EXPIRED: "terminó el plazo para retirarlo",
    Reason.NOT_FOUND: "no se encontró el paquete",
}

CALENDAR = Calendar(
    today="hoy",
    yesterday="ayer",
    tomorrow="mañana",
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
    on_weekday=("el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"),
    on_date="el {day} de {month}",
    on_date_of_year="el {day} de {month} de {year}",
    date="{weekday}, {day} de {month}",
    date_of_year="{weekday}, {day} de {month} de {year}",
    at_time="{date}, {time}",
)  # fmt: skip

LABELS = Labels(
    order="Pedido",
    tracking_code="Código de seguimiento",
    carrier="Transportista",
    items="En este paquete",
    history="El camino hasta aquí",
    promised="Plazo prometido",
    expected="Previsión actual",
    delivered="Entregado",
    follow="Seguir el paquete",
    your_turn="Te toca a ti",
    pickup_address="Dónde retirarlo",
    pickup_deadline="Retíralo hasta",
    carrier_says="El transportista dice",
    told_by_store="informado por la tienda",
    reason="Motivo",
    more="y {count} registros anteriores",
    more_items="y {count} más",
    why="Recibes este mensaje porque compraste en {store}.",
    times="Horas de {zone}.",
    write_us="Escribe a la tienda",
    call_us="Teléfono",
    shop="Ir a la tienda",
    proof="Foto de la entrega",
    steps={
        Step.POSTED: "Enviado",
        Step.MOVING: "En camino",
        Step.OUT: "Salió a reparto",
        Step.PICKUP: "Listo para retirar",
        Step.PICKED_UP: "Retirado",
        Step.DELIVERED: "Entregado",
        Step.COMING_BACK: "Volviendo",
        Step.BACK: "Devuelto",
    },
)

SPANISH = Catalogue(
    language=Language.ES,
    words=WORDS,
    reasons=REASONS,
    prepositions=Prepositions(at=("en", "en"), via=("por", "por"), to=("a", "a")),
    calendar=CALENDAR,
    lateness=Lateness(
        new_date="Llegará después del plazo, que era {promised}. La nueva previsión es {expected}.",
        no_date="Está retrasado: el plazo era {promised}. Todavía no hay nueva fecha.",
        delivered="Llegó después del plazo, que era {promised}. Pedimos disculpas por el retraso.",
    ),
    correction=Correction(
        label="Corrección",
        by_carrier="Te avisamos que el paquete había sido entregado. El transportista lo corrigió: "
        "todavía no fue entregado.",
        by_store="Te avisamos que el paquete había sido entregado. La tienda lo corrigió: todavía no fue entregado.",
        in_history="La entrega informada antes fue anulada: el paquete todavía no fue entregado.",
        taken_back="El transportista se corrigió: “{what}” ya no vale.",
    ),
    reminder=Reminder(
        "Recordatorio de retiro",
        "El paquete todavía te espera[ {at}]. Último día para retirarlo: {deadline}.",
        "Lleva un documento con foto y el código de seguimiento. Después de ese día vuelve a la tienda.",
    ),
    labels=LABELS,
)
