"""What synthetic agents and customers say. Short, and in the customer's language."""

REPLIES = {
    "en": (
        "Good day, I have your case open now. One moment, please, I am checking.",
        "Thank you for writing. I have corrected this; you will see it within the hour.",
        "I have looked it up and passed it on to our technicians. Is there anything else?",
        "That is settled now. Thank you for your patience.",
    ),
    "pl": (
        "Dzień dobry, już sprawdzam Państwa sprawę, proszę o chwilę cierpliwości.",
        "Dziękuję za wiadomość. Poprawiłam to, zmiana będzie widoczna w ciągu godziny.",
        "Sprawdziłem i przekazałem sprawę technikom. Czy mogę jeszcze w czymś pomóc?",
        "Sprawa jest już załatwiona. Dziękuję za cierpliwość.",
    ),
    "lt": (
        "Laba diena, jau tikrinu jūsų užklausą, prašau truputį palaukti.",
        "Ačiū, kad parašėte. Pataisiau, pakeitimą matysite per valandą.",
        "Patikrinau ir perdaviau technikams. Ar dar kuo nors galiu padėti?",
        "Jau sutvarkyta. Ačiū už kantrybę.",
    ),
    "hu": (
        "Jó napot kívánok, máris megnézem, egy pillanat türelmét kérem.",
        "Köszönöm, hogy írt. Kijavítottam, egy órán belül látható lesz.",
        "Utánanéztem, és továbbítottam a technikusoknak. Segíthetek még valamiben?",
        "Elintéztük. Köszönöm a türelmét.",
    ),
    "ru": (
        "Здравствуйте, уже смотрю ваш вопрос, одну минуту, пожалуйста.",
        "Спасибо за сообщение. Я всё исправила, изменения появятся в течение часа.",
        "Проверил и передал техникам. Могу ещё чем-нибудь помочь?",
        "Готово, вопрос решён. Спасибо за терпение.",
    ),
}

THANKS = {
    "en": "Great, thank you!",
    "pl": "Super, dziękuję!",
    "lt": "Puiku, ačiū!",
    "hu": "Szuper, köszönöm!",
    "ru": "Отлично, спасибо!",
}

SUBJECTS = {
    "en": "A question",
    "pl": "Pytanie",
    "lt": "Klausimas",
    "hu": "Kérdés",
    "ru": "Вопрос",
}

NAMES = {
    "en": ("Demo Customer", "Test Visitor", "Sample Shopper"),
    "pl": ("Klientka Demo", "Klient Testowy", "Gość Przykładowy"),
    "lt": ("Demo klientas", "Bandomoji klientė", "Pavyzdinis svečias"),
    "hu": ("Demó Ügyfél", "Teszt Vásárló", "Minta Vendég"),
    "ru": ("Демо Клиент", "Тестовый Гость", "Пример Покупателя"),
}
