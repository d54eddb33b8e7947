"""In: nothing; out: the texts of signing in and of a person's own page. Part of screens.py."""

# name: (pt-BR, en).
SIGN_IN_TEXTS: dict[str, tuple[str, str]] = {
    "sign_in": ("Entrar", "Sign in"),
    "sign_in_hint": ("Onde estão os pacotes da sua loja.", "Where your store's packages are."),
    "email": ("E-mail", "E-mail address"),
    "password": ("Senha", "Password"),
    "no_password": (
        "Sem senha? Quem administra a loja faz um link para você; no servidor, “paradeiro operator reset”.",
        "No password? An administrator of the store makes a link for you; on the server, “paradeiro operator reset”.",
    ),
    "code_hint": (
        "A senha está certa. Falta o código que o seu aplicativo mostra agora.",
        "The password is right. Now the code that your app shows.",
    ),
    "no_code": (
        "Sem o aplicativo? Quem administra a loja tira o segundo fator.",
        "Without the app? An administrator of the store takes the second factor away.",
    ),
    "other_person": ("Entrar como outra pessoa", "Sign in as somebody else"),
    "error.stale_sign_in": (
        "Esta página tinha envelhecido. Agora está nova: tente de novo.",
        "This page had grown old. Now it is fresh: try again.",
    ),
    "error.too_many": (
        "Foram muitas tentativas. Espere alguns minutos e tente de novo.",
        "Too many tries. Wait a few minutes and try again.",
    ),
    "error.bad_sign_in": ("O e-mail ou a senha não está certo.", "The address or the password is wrong."),
    "error.wrong_code": (
        "O código não está certo, ou já foi usado. Use o que o aplicativo mostra agora.",
        "The code is wrong, or was used before. Take the one that the app shows now.",
    ),
    "error.bad_link": (
        "Este link já foi usado ou venceu. Peça outro.",
        "This link was used or has ended. Ask for another.",
    ),
    "sign_in_with_passkey": ("Entrar com chave de acesso", "Sign in with a passkey"),
    "passkey_cancelled": (
        "A chave de acesso não foi usada: o navegador cancelou ou o tempo acabou.",
        "The passkey was not used: the browser cancelled, or the time ran out.",
    ),
    "passkey_failed": (
        "Não deu certo. Confira a conexão e tente de novo; a senha continua valendo.",
        "That did not work. Check the connection and try again; your password still works.",
    ),
    "error.bad_passkey": (
        "Esta chave de acesso não vale aqui. Entre com a senha, ou peça um link a quem administra a loja.",
        "This passkey is not valid here. Sign in with your password, or ask an administrator of the store for a link.",
    ),
    "error.copied_passkey": (
        "Esta chave de acesso pode ter sido copiada e não foi aceita. Entre com a senha, remova-a e crie outra.",
        "This passkey may have been copied and was refused. Sign in with your password, remove it and add another.",
    ),
    "sign_in_with": ("Entrar com {name}", "Sign in with {name}"),
    "sign_in_with_openid": ("Entrar com a conta da empresa", "Sign in with your company account"),
    "error.openid_stale": (
        "Esta entrada demorou demais, já foi usada ou começou em outro navegador. Tente de novo.",
        "This sign-in took too long, was used before, or began in another browser. Try again.",
    ),
    "error.openid_refused": (
        "A conta da empresa não confirmou quem você é. Tente de novo, ou entre com a senha.",
        "Your company account did not confirm who you are. Try again, or sign in with your password.",
    ),
    "error.openid_unknown": (
        "Ninguém daqui tem esta conta com e-mail confirmado. Quem administra a loja pode incluir você.",
        "Nobody here has this account with a verified address. An administrator of the store can add you.",
    ),
    "error.openid_down": (
        "A conta da empresa não responde agora. Entre com a senha, ou tente mais tarde.",
        "The company account does not answer now. Sign in with your password, or try again later.",
    ),
    # a one-time link
    "link.first": ("Comece aqui", "Begin here"),
    "link.invitation": ("Bem-vindo", "Welcome"),
    "link.reset": ("Nova senha", "A new password"),
    "link_hint.first": (
        "Você é a primeira pessoa: depois convida as outras. Este link vale uma vez.",
        "You are the first person: you invite the others afterwards. This link works once.",
    ),
    "link_hint.invitation": (
        "Escolha uma senha; depois você entra com ela. Este link vale uma vez.",
        "Choose a password; you sign in with it afterwards. This link works once.",
    ),
    "link_hint.reset": (
        "Até você escolher, vale a senha antiga. Depois, os outros navegadores saem.",
        "Until you choose, the former one is valid. Afterwards your other browsers are signed out.",
    ),
    "new_password": ("Nova senha", "New password"),
    "password_hint": (
        "12 caracteres ou mais; algumas palavras juntas são fáceis de lembrar.",
        "12 characters or more; a few words together are easy to remember.",
    ),
    "save_and_sign_in": ("Salvar e entrar", "Save and sign in"),
    "error.password_length": (
        "A senha precisa de 12 a 200 caracteres.",
        "The password needs 12 to 200 characters.",
    ),
    "error.password_plain": (
        "Esta senha é fácil de adivinhar. Junte algumas palavras.",
        "This password is easy to guess. Put a few words together.",
    ),
    # a person's own page
    "your_stores": ("Suas lojas", "Your stores"),
    "store": ("Loja", "Store"),
    "show_store": ("Mostrar", "Show"),
    "current_password": ("Senha atual", "Present password"),
    "password_ends": ("Os outros navegadores saem.", "Your other browsers are signed out."),
    "change_password": ("Mudar a senha", "Change the password"),
    "second_factor": ("Segundo fator", "Second factor"),
    "second_factor_on": (
        "Depois da senha pedimos o código do seu aplicativo.",
        "After the password we ask for the code of your app.",
    ),
    "second_factor_hint": (
        "Um código que muda a cada 30 segundos, além da senha. Precisa de um aplicativo de códigos no celular.",
        "A code that changes every 30 seconds, besides the password. It takes an app for codes on your phone.",
    ),
    "begin_second_factor": ("Pedir códigos", "Ask for codes"),
    "end_second_factor": ("Não pedir mais códigos", "Ask for no codes any more"),
    "scan_hint": (
        "Leia esta figura com o aplicativo e escreva o código que ele mostra.",
        "Scan this picture with the app and type the code that it shows.",
    ),
    "qr_code": ("Código QR com o segredo", "QR code with the secret"),
    "or_type": ("Ou digite no aplicativo:", "Or type into the app:"),
    "passkeys": ("Chaves de acesso", "Passkeys"),
    "passkeys_hint": (
        "Entre com o dedo, o rosto ou o PIN do aparelho, sem senha nem código.",
        "Sign in with your finger, your face or your device's PIN, without password or code.",
    ),
    "add_passkey": ("Criar chave de acesso", "Add a passkey"),
    "passkey_name": ("Nome, para você reconhecer", "Name, by which you know it"),
    "passkey_proof": (
        "Sem senha? Saia e entre de novo: por 10 minutos ela não é pedida.",
        "No password? Sign out and in again: for 10 minutes it is not asked for.",
    ),
    "used_on": ("usada {when}", "used {when}"),
    "not_used_yet": ("ainda não usada", "not used yet"),
    "remove": ("Remover", "Remove"),
    "done.passkey": ("A chave de acesso vale a partir de agora.", "The passkey counts from now on."),
    "done.passkey-removed": ("A chave de acesso não vale mais.", "The passkey is no longer valid."),
    "error.no_passkey": (
        "O navegador não fez uma chave de acesso para este endereço. Tente de novo.",
        "The browser made no passkey for this address. Try again.",
    ),
    "error.passkey_is_there": (
        "Este aparelho já tem uma chave de acesso sua.",
        "This device has a passkey of yours already.",
    ),
    "error.many_passkeys": ("São chaves demais. Remova uma antes.", "These are too many passkeys. Remove one first."),
    "error.no_such_passkey": ("Esta chave de acesso não existe mais.", "This passkey is no longer there."),
    "sessions": ("Onde você entrou", "Where you are signed in"),
    "here": ("Este navegador", "This browser"),
    "end_others": ("Sair de todos os outros", "Sign all others out"),
    "method.password": ("senha", "password"),
    "method.password_totp": ("senha e código", "password and code"),
    "method.passkey": ("chave de acesso", "passkey"),
    "method.openid": ("conta da empresa", "company account"),
    "method.link": ("link deste servidor", "link of this server"),
    "done.password": ("A senha nova vale a partir de agora.", "The new password counts from now on."),
    "done.second-factor": (
        "Pedimos códigos a partir de agora.",
        "We ask for codes from now on.",
    ),
    "done.second-factor-ended": ("Não pedimos mais códigos.", "We ask for codes no more."),
    "done.session-ended": ("Os outros navegadores saíram.", "The other browsers are signed out."),
    "done.store": ("Esta é a loja que você vê agora.", "This is the store that you see now."),
    "error.wrong_password": ("A senha atual não está certa.", "The present password is wrong."),
    "error.codes_asked": ("Os códigos já são pedidos.", "Codes are asked for already."),
    "error.no_such_store": ("Esta loja não é sua, ou não existe.", "This store is not yours, or does not exist."),
    "not_allowed": ("O seu papel não permite isto", "Your role does not allow this"),
    "not_allowed_hint": (
        "Quem administra a loja pode mudar o seu papel, na tela Pessoas.",
        "An administrator of the store can change your role, on the screen People.",
    ),
}
