/// What the built-in templates say in one language. Every sentence may hold tags of the templates.
struct Wording {
    /// RFC 5646, without a region.
    var language: String
    var urgent: String
    /// Before the caller, with what belongs between them.
    var voicemailFrom: String
    var missedCallFrom: String
    /// In place of the caller, after the above and alone.
    var unknownCaller: String
    // Labels.
    var caller: String
    var called: String
    var when: String
    var length: String
    // Sentences.
    var busy: String
    var noAnswer: String
    var unconditional: String
    var notReachable: String
    var isUrgent: String
    var interrupted: String
    var tooLarge: String
    var listen: String
    var linkExpires: String
    var transcript: String
}

extension Wording {
    static let all = [english, german, french, spanish, italian]

    static let english = Wording(
        language: "en", urgent: "Urgent", voicemailFrom: "Voicemail from ",
        missedCallFrom: "Missed call from ", unknownCaller: "an unknown number", caller: "From",
        called: "For", when: "When", length: "Length", busy: "The line was busy.",
        noAnswer: "Nobody answered.", unconditional: "All calls go to voicemail at present.",
        notReachable: "The phone could not be reached.",
        isUrgent: "The caller marked this message as urgent.",
        interrupted: "The recording was cut off.",
        tooLarge: "The recording is too large for this mail.",
        listen: "Listen to the recording", linkExpires: "The link works until {{linkExpires}}.",
        transcript: "Transcript, made by a machine")

    static let german = Wording(
        language: "de", urgent: "Dringend", voicemailFrom: "Sprachnachricht von ",
        missedCallFrom: "Anruf verpasst von ", unknownCaller: "unbekannter Nummer", caller: "Von",
        called: "Für", when: "Wann", length: "Länge", busy: "Es war besetzt.",
        noAnswer: "Niemand nahm ab.",
        unconditional: "Alle Anrufe gehen zurzeit an die Mailbox.",
        notReachable: "Das Telefon war nicht erreichbar.",
        isUrgent: "Die Nachricht ist als dringend markiert.",
        interrupted: "Die Aufnahme wurde abgebrochen.",
        tooLarge: "Die Aufnahme ist für diese Mail zu groß.",
        listen: "Aufnahme anhören", linkExpires: "Der Link gilt bis {{linkExpires}}.",
        transcript: "Abschrift, maschinell erstellt")

    static let french = Wording(
        language: "fr", urgent: "Urgent", voicemailFrom: "Message vocal : ",
        missedCallFrom: "Appel manqué : ", unknownCaller: "numéro inconnu", caller: "De",
        called: "Pour", when: "Date", length: "Durée", busy: "La ligne était occupée.",
        noAnswer: "Personne n’a répondu.",
        unconditional: "Tous les appels vont actuellement à la messagerie.",
        notReachable: "Le téléphone n’était pas joignable.",
        isUrgent: "L’appelant a marqué ce message comme urgent.",
        interrupted: "L’enregistrement a été interrompu.",
        tooLarge: "L’enregistrement est trop volumineux pour ce message.",
        listen: "Écouter l’enregistrement",
        linkExpires: "Le lien est valable jusqu’au {{linkExpires}}.",
        transcript: "Transcription automatique")

    static let spanish = Wording(
        language: "es", urgent: "Urgente", voicemailFrom: "Mensaje de voz de ",
        missedCallFrom: "Llamada perdida de ", unknownCaller: "un número desconocido", caller: "De",
        called: "Para", when: "Fecha", length: "Duración", busy: "La línea estaba ocupada.",
        noAnswer: "Nadie contestó.",
        unconditional: "Todas las llamadas van ahora al buzón de voz.",
        notReachable: "El teléfono no estaba disponible.",
        isUrgent: "El mensaje está marcado como urgente.",
        interrupted: "La grabación se interrumpió.",
        tooLarge: "La grabación es demasiado grande para este correo.",
        listen: "Escuchar la grabación",
        linkExpires: "El enlace es válido hasta el {{linkExpires}}.",
        transcript: "Transcripción automática")

    static let italian = Wording(
        language: "it", urgent: "Urgente", voicemailFrom: "Messaggio vocale da ",
        missedCallFrom: "Chiamata persa da ", unknownCaller: "un numero sconosciuto", caller: "Da",
        called: "Per", when: "Data", length: "Durata", busy: "La linea era occupata.",
        noAnswer: "Nessuno ha risposto.",
        unconditional: "Tutte le chiamate vanno ora alla segreteria.",
        notReachable: "Il telefono non era raggiungibile.",
        isUrgent: "Il messaggio è contrassegnato come urgente.",
        interrupted: "La registrazione è stata interrotta.",
        tooLarge: "La registrazione è troppo grande per questa mail.",
        listen: "Ascolta la registrazione",
        linkExpires: "Il link è valido fino al {{linkExpires}}.",
        transcript: "Trascrizione automatica")
}
