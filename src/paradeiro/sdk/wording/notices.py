"""In: a notice's kind and facts; out: its sentence in the operator's language, else the English it was opened with."""

from collections.abc import Mapping

from paradeiro.sdk.wording.contract_drift import drift_clauses

_CODES_HELD = (
    "Os eventos foram guardados e aparecem; a posição dos pacotes não mudou. Diga o que eles significam na tela "
    "“Códigos das transportadoras” (ou com “paradeiro code map”); ou conserte a tabela e depois rode {command}."
)
# By kind, and by kind and variant. What happened first, then what to do.
_PT = {
    "unknown_code": "{account} mandou códigos que nossa tabela não conhece: {event} (em {shipments} pacotes, entre "
    "eles {code}). " + _CODES_HELD,
    "unknown_code.unasked": "{account} mandou códigos que nossa tabela não conhece: {event} (em {shipments} pacotes). "
    + _CODES_HELD,
    "contract_drift": "{account} responde de outro jeito desde {since}: {what}. Pacotes atingidos: {shipments}. "
    "Nada mudou por causa dessas respostas e todas estão guardadas: alguém precisa consertar o conector e depois "
    "rodar {command}.",
    "contract_drift.over": "{account} respondeu de outro jeito a partir de {since}: {what}. Agora as respostas se leem "
    "de novo. Nada mudou por causa das outras e todas estão guardadas: veja uma delas e encerre este aviso.",
    "contract_drift.readable": "{account} responde de outro jeito desde {since}: {what}. As respostas ainda se leem. "
    "Veja o exemplo: se nada falta nos pacotes, encerre este aviso; se falta, alguém precisa consertar o conector e "
    "depois rodar {command}.",
    "contract_drift.heals": "{account} responde de outro jeito desde {since}: {what}. Pacotes atingidos: "
    "{shipments}. Nada se perde e continuamos perguntando; este aviso se encerra sozinho.",
    "interface_ended": "{account} não recebe mais nada: a interface com que falamos foi desligada ({why}). Nada se "
    "perdeu: o que há para dizer espera e vai na ordem, uma vez só, quando isso estiver resolvido.",
    "silence": "{account} responde, mas não conta nada de novo desde {since}: {seen} eventos, quando o costume seriam "
    "{expected}. Nada se perdeu. Procure no site da transportadora um destes pacotes: {codes}. Se lá houver mais do "
    "que aqui, a interface parou de contar: fale com a transportadora.",
    "malformed_reply": "{account} respondeu algo que não entendemos ({why}). A resposta está guardada, nada mudou por "
    "causa dela, e os pacotes serão perguntados de novo. Se continuar, a interface pode ter mudado.",
    "malformed_reply.file": "O arquivo {file}, de {account}, tem {count} trechos que não se leem: {why}. O resto foi "
    "lido. Mande as linhas à transportadora, ou conserte o conector e rode o replay.",
    "malformed_reply.refused_file": "Há um problema com o arquivo {file}, de {account}: {why}",
    "proof_unreadable": "{account} responde de modo estranho quando pedimos comprovantes de entrega ({why}). Os "
    "pacotes continuam sendo seguidos; as imagens serão pedidas mais algumas vezes, depois não mais. Se continuar, a "
    "interface pode ter mudado.",
    "credentials_refused": "{account} recusa nossas credenciais ({why}). Informe novas; enquanto isso nada se perde.",
    "credentials_refused.stood_in": "{account} recusa nossas credenciais ({why}). Informe novas; enquanto isso "
    "perguntamos a {stand_in} sobre os pacotes, e nada se perde.",
    "credentials_refused.feed": "{account} não nos deixa ler a lista de novidades ({why}), mas responde sobre cada "
    "pacote. Peça esse direito à transportadora, ou informe novas credenciais; enquanto isso nada se perde.",
    "outage": "{account} não responde há mais de meia hora ({why}). Continuamos tentando; nada se perde.",
    "outage.stood_in": "{account} não responde há mais de meia hora ({why}). Continuamos tentando; enquanto isso "
    "perguntamos a {stand_in} sobre os pacotes.",
    "outage.feed": "A lista de novidades de {account} não responde há mais de meia hora ({why}), mas cada pacote "
    "continua sendo perguntado. Continuamos tentando; nada se perde.",
    "implausible_event": "{code}, do pedido {order}: “{event}” não conta, porque não pode ser verdade (mais antigo que "
    "o pedido, no futuro, ou uma entrega antes da postagem). Confira o código na etiqueta.",
    "contradicted_delivery": "{code}, do pedido {order}: depois da entrega a transportadora informou “{event}”. A "
    "entrega continua valendo: confira, e reabra se estiver errada.",
    "delivery_withdrawn": "{code}, do pedido {order}, tinha sido dado como entregue e não foi. O sistema de pedidos "
    "está sendo avisado de novo. Confira com a transportadora.",
    "delivery_withdrawn.marketplace": "{code}, do pedido {order}, tinha sido dado como entregue e não foi. O sistema "
    "de pedidos e o marketplace estão sendo avisados de novo; veja no marketplace o que ele fez com isso. Confira com "
    "a transportadora.",
    "effect_refused": "{account} recusou o que dissemos do pedido {order} (“{effect}”): {why}. Resolva o que ele "
    "aponta e use “Enviar de novo” (ou “paradeiro resend”). Sozinho isto não vai de novo; as novidades continuam indo.",
    "effect_refused.wave": "{account} recusou {count} mensagens pelo mesmo motivo, a primeira do pedido {first} e a "
    "última do pedido {last}: {why}. Resolva a causa (um direito, as regras do canal, o conector) e use “Enviar de "
    "novo” (ou “paradeiro resend”): vão todas na ordem, uma vez cada. Sozinhas não vão de novo.",
    "effect_refused.slow": "{account} ainda não aceitou “{effect}”, do pedido {order}, depois de {tries} tentativas: "
    "{why}. Continuamos tentando.",
    "wrong_code": "{account} não informa nada sobre {code}, do pedido {order}: {why}. Confira o código na etiqueta e "
    "registre o certo.",
    "wrong_code.errors": "{account} responde com erro sempre que perguntamos por {code}, do pedido {order}: {why}. Os "
    "outros pacotes são respondidos. Continuamos perguntando; confira o código, ou fale com a transportadora.",
    "wrong_code.refused": "O código {code}, da nota {invoice} do pedido {order}, está errado: o dígito verificador não "
    "confere ou não é um código. O pacote não é seguido até que se corrija.",
    "wrong_code.shared": "{code}, do pedido {order}, é também o código do pedido {others}, que vai para outro CEP: um "
    "dos dois está errado. Confira as etiquetas e informe o código certo (“Etiqueta refeita”).",
    "wrong_code.key": "A chave {code}, da nota {invoice} do pedido {order}, não é chave de NF-e (44 caracteres, o "
    "último um dígito verificador). A nota foi aceita sem ela; corrija a chave onde ela foi informada.",
    "erasure_asked": "O cliente do pedido {order} pede que seus dados sejam apagados. Certifique-se de que é ele e "
    "apague-os na tela do pedido. A lei dá 15 dias.",
    "carrier_unlisted": "A tabela de {account} não tem a transportadora “{carrier}”, que foi dita como “{as}” (pedido "
    "{order}, {code}). {costs} Acrescente-a com “paradeiro carriers set”.",
    "carrier_unlisted.unknown": "{account} recebe {code}, do pedido {order}, sem transportadora: ninguém disse qual é, "
    "e quem só consulta o pacote não é uma. Informe a transportadora com o pacote.",
    "no_invoice": "{account} não recebe nada sobre {code}, do pedido {order}: só aceita notícias com o número da nota "
    "fiscal do pacote, que ninguém informou. Informe-o com o pacote (invoice.number em POST /api/v1/shipments, a "
    "coluna da nota na planilha, ou a nota no sistema de pedidos): então tudo será dito.",
    "no_invoice_key": "{account} não recebe o código de rastreio do pedido {order}: só o aceita com a chave da nota "
    "{invoice} (44 dígitos), que falta no pedido. Informe a chave lá; o código vai sozinho em até uma hora.",
    "no_account": "Há pacotes de {carrier}, mas nenhuma conta lá: ninguém pergunta por eles. Crie uma conta.",
    "no_account.courier": "“{courier}” é uma transportadora que ninguém aqui conhece; {count} pacotes esperam por ela, "
    "o último do pedido {order} ({code}). Diga na tela “Transportadoras” que conta os segue (ou com “paradeiro courier "
    "set”): vale para estes e para os próximos.",
    "no_account.guessed": "“{courier}” é uma transportadora que ninguém aqui conhece; {count} pacotes esperam por ela, "
    "o último do pedido {order} ({code}). Parece ser {guess}. Diga na tela “Transportadoras” que conta os segue (ou "
    "com “paradeiro courier set”): vale para estes e para os próximos.",
    "ambiguous_shipment": "{account} traz notícias de {code}, que serve para {count} pacotes: {names}. Nada foi "
    "registrado em nenhum deles. Informe a notícia na tela do pedido certo.",
    "wrong_carrier": "{carrier} não conhece {code}, do pedido {order}, há dois dias, e costuma conhecer um código em "
    "horas. Parece ser de {guess}. Confira e passe o pacote para lá; a história fica.",
    "feed_gap": "A lista de novidades de {account} tem um buraco: {why}. O que ela já não mostra não é conhecido aqui. "
    "Leia aqueles dias de novo ({command}), ou confira os pacotes que estão sem notícias.",
    "quota_used": "{account} gastou as {count} consultas deste mês. Os pacotes que já estão lá continuam sendo "
    "seguidos; {waiting} esperam pelo mês que vem. Aumente a cota com “paradeiro quota”, se valer a pena.",
    "no_account.seller": "Os pedidos do seller {seller} (o primeiro foi {order}) são atendidos na conta dele: as notas "
    "e as notícias pertencem a essa conta, por isso não os seguimos aqui. Cadastre a conta dele ou encerre este aviso.",
    "order_set_aside": "O pedido {order} não pôde ser recebido e foi posto de lado: {why} Os outros continuam. "
    "Corrija-o no sistema de pedidos e encerre este aviso: o pedido será lido de novo. Também será quando algo "
    "acontecer com ele lá.",
    "no_address": "O cliente do pedido {order} não recebe e-mail: o pedido não tem um endereço que possa ser usado.",
    "no_address.alias": "O cliente do pedido {order} não recebe e-mail nosso: o pedido só traz o apelido que a "
    "plataforma criou para o endereço dele, e o apelido deixa de funcionar quando o pedido é faturado. Deixe a VTEX "
    "escrever (“paradeiro vtex mails vtex”) ou informe os endereços verdadeiros com os pedidos.",
    "template_failed": "Os e-mails vão no modelo da casa, porque o modelo próprio da loja falhou: {why}. Corrija-o e "
    "grave-o de novo com “paradeiro mail template set”.",
    "endpoint_disabled": "O webhook {account} ({host}) foi desligado: uma mensagem não foi aceita em {tries} "
    "tentativas ({why}). Nada se perdeu: as mensagens esperam. Conserte o endereço e ligue-o de novo na tela "
    "“Contas” ou com “paradeiro webhook enable”; elas vão então na ordem.",
    "endpoint_disabled.gone": "O webhook {account} ({host}) foi desligado: ele respondeu que não existe mais ({why}). "
    "As mensagens esperam. Ligue-o de novo na tela “Contas” ou com “paradeiro webhook enable”, ou remova-o com "
    "“paradeiro webhook remove”.",
    "push_refused": "Chegaram {count} notificações seguidas em nome de {account} sem a assinatura certa ({why}). Nada "
    "foi aceito delas; continuamos perguntando como sempre. Talvez o segredo seja outro: desfaça o registro e registre "
    "de novo com “paradeiro hook {connector}”.",
    "push_refused.ended": "{account} deixou de nos notificar, e registrar de novo não deu certo: {why}. Os pedidos "
    "continuam chegando pela varredura, a cada dez minutos. Quando estiver resolvido, rode “paradeiro {connector} "
    "connect --hook”.",
    "push_refused.feed": "{account} não nos deixa ler o feed: {why}. Os pedidos continuam chegando pela varredura, a "
    "cada dez minutos. Quando estiver resolvido, este aviso se encerra sozinho; ou desista do feed com “paradeiro "
    "{connector} disconnect”.",
    "push_refused.unreadable": "{account} mandou uma notificação assinada que não entendemos ({why}). Ela está "
    "guardada; continuamos perguntando como sempre. O formato pode ter mudado.",
    "push_refused.confirm": "{account}: o provedor de e-mail pergunta se pode nos avisar aqui. Para aceitar, abra "
    "{url}.",
    "push_refused.report": "{account}: chegou algo sobre e-mails devolvidos que não entendemos ({why}). Está guardado. "
    "Veja no provedor de e-mail o que ele manda para nós.",
    "mail_bounced": "O cliente do pedido {order} não recebe mais e-mails ({why}). Corrija o endereço no sistema de "
    "pedidos ou, se ele estiver certo, volte a enviar na página do pedido.",
    "mail_bounced.hard": "O cliente do pedido {order} não recebe mais e-mails: o endereço não existe ({why}). Corrija "
    "o endereço no sistema de pedidos ou, se ele estiver certo, volte a enviar na página do pedido.",
    "mail_bounced.soft": "O cliente do pedido {order} não recebe mais e-mails: vários seguidos não foram aceitos "
    "({why}). Corrija o endereço no sistema de pedidos ou, se ele estiver certo, volte a enviar na página do pedido.",
    "sender_refused": "Servidores recusam e-mails de {account} por nossa causa ({why}). Os leitores não têm "
    "culpa; seus endereços continuam recebendo.",
    "sender_refused.authentication": "Servidores recusam e-mails de {account}: o SPF, o DKIM ou o DMARC do domínio do "
    "remetente não confere. Veja os registros de DNS dele. O último disse: {why}. Os leitores"
    " não têm culpa; seus endereços continuam recebendo.",
    "sender_refused.blocked": "Servidores recusam e-mails de {account}: o endereço de onde eles saem está bloqueado ou "
    "numa lista de bloqueio. Fale com o provedor de e-mail. O último disse: {why}. Os "
    "leitores não têm culpa; seus endereços continuam recebendo.",
    "sender_refused.content": "Servidores recusam e-mails de {account}: eles são tomados por spam ou por perigosos. "
    "Veja o layout, os links e o nome do remetente. O último disse: {why}. Os leitores não "
    "têm culpa; seus endereços continuam recebendo.",
    "sender_refused.policy": "Servidores recusam e-mails de {account}: uma regra de lá não os deixa entrar. Fale com o"
    " provedor de e-mail. O último disse: {why}. Os leitores não têm culpa; seus endereços "
    "continuam recebendo.",
    "sender_refused.rate": "Servidores recusam e-mails de {account}: eles chegam rápido demais ou são muitos. Baixe "
    "o “per_minute” da conta ou peça um limite maior. O último disse: {why}. Os leitores não "
    "têm culpa; seus endereços continuam recebendo.",
    "sender_refused.relay": "Servidores recusam e-mails de {account}: o servidor não envia por este remetente. Veja o"
    " “from_address” e as credenciais. O último disse: {why}. Os leitores não têm culpa; seus"
    " endereços continuam recebendo.",
    "sender_refused.reverse_dns": "Servidores recusam e-mails de {account}: o nome e o endereço do servidor que envia "
    "não combinam (registro PTR). O último disse: {why}. Os leitores não têm culpa; seus "
    "endereços continuam recebendo.",
    "sender_refused.size": "Servidores recusam e-mails de {account}: eles são grandes demais. Diminua as imagens do "
    "layout. O último disse: {why}. Os leitores não têm culpa; seus endereços continuam "
    "recebendo.",
    "set_aside": "Não conseguimos tratar: {names} ({count} no total). Todo o resto continua. O que deu errado: {why}. "
    "Quando estiver resolvido, encerre este aviso: será tentado de novo na hora.",
    "set_aside.shipment": "Pacotes que não conseguimos tratar: {names} ({count} no total). Enquanto isso não são "
    "seguidos; todo o resto continua. O que deu errado: {why}. Quando estiver resolvido, encerre este aviso: eles "
    "serão tentados de novo na hora.",
    "set_aside.effect": "Mensagens que não conseguimos montar: {names} ({count} no total). Enquanto isso ninguém as "
    "recebe; todo o resto continua. O que deu errado: {why}. Quando estiver resolvido, encerre este aviso: elas serão "
    "tentadas de novo na hora.",
    "set_aside.reply": "Respostas que não conseguimos registrar: {names} ({count} no total). Estão guardadas e não "
    "mudam nada; todo o resto continua. O que deu errado: {why}. Quando estiver resolvido, encerre este aviso: elas "
    "serão tentadas de novo na hora.",
    "set_aside.account": "Contas que não podem ser usadas: {names} ({count} no total). Enquanto isso não perguntamos "
    "nada a elas e nada se perde; todo o resto continua. O que deu errado: {why}. Quando estiver resolvido, encerre "
    "este aviso: elas serão usadas de novo na hora.",
    "set_aside.reminder": "Lembretes que não conseguimos planejar: {names} ({count} no total). Todo o resto continua. "
    "O que deu errado: {why}. Quando estiver resolvido, encerre este aviso: serão tentados de novo.",
    "set_aside.watch": "O que tínhamos aprendido sobre as respostas de {names} não pôde ser lido ({why}) e começa do "
    "zero. Nada mais mudou; encerre este aviso.",
    "job_failing": "O trabalho “{job}” falhou {count} vezes seguidas desde {since} ({why}). Nada se perdeu, ele é "
    "tentado de novo e todo o resto continua. Avise quem cuida do Paradeiro: o log tem o erro inteiro, `paradeiro "
    "status` mostra o que mais falha. Este aviso se encerra sozinho.",
}


def notice_sentence(kind: str, facts: Mapping[str, str], message: str) -> str:
    """The sentence in Portuguese; `message`, as opened, where the catalogue or the facts lack something."""
    variant = facts.get("variant", "")
    template = _PT.get(f"{kind}.{variant}" if variant else kind)
    try:
        # A deviation of a party is a list of clauses, not one fact.
        what = drift_clauses(facts.get("oddities", ""), portuguese=True)
        return template.format(**facts, what=what) if template else message
    except (KeyError, IndexError, ValueError):
        return message


def notice_kinds() -> frozenset[str]:
    """The notice kinds with a sentence in the catalogue."""
    return frozenset(key.partition(".")[0] for key in _PT)
