//! What the columns of a table are called: the keys of a target, and what people write above them
//! in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish.

/// A column of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Host,
    Address,
    Port,
    Expect,
    Mac,
    Aliases,
    Group,
    Kind,
    Expected,
    Gateway,
    GatewayUsage,
}

impl Column {
    /// Whether several of these say more than the first: where a host `has_host` beside them, all
    /// addresses are expected of it.
    pub(super) const fn takes_all(self, has_host: bool) -> bool {
        match self {
            Self::Expect | Self::Aliases => true,
            Self::Address => has_host,
            _ => false,
        }
    }
}

/// Longest head that is looked up, in letters; the longest word below is shorter.
const LONGEST: usize = 40;

/// The key of each column, and what else it may be called, all of it [`folded`].
const HEADS: &[(Column, &str, &[&str])] = &[
    (
        Column::Name,
        "name",
        &[
            "displayname",
            "label",
            "title",
            "anzeigename",
            "bezeichnung",
            "nom",
            "nomaffiche",
            "libelle",
            "nombre",
            "etiqueta",
            "nome",
            "etichetta",
            "naam",
            "nazwa",
        ],
    ),
    (
        Column::Host,
        "host",
        &[
            "hostname",
            "fqdn",
            "dnsname",
            "dnshostname",
            "computer",
            "computername",
            "server",
            "servername",
            "machine",
            "machinename",
            "pcname",
            "device",
            "devicename",
            "rechner",
            "rechnername",
            "geraet",
            "gerat",
            "geraetename",
            "geratename",
            "servidor",
            "serveur",
            "hote",
            "nomdhote",
            "nomhote",
            "ordinateur",
            "nomordinateur",
            "nomdordinateur",
            "nomdelordinateur",
            "nommachine",
            "nomdns",
            "equipo",
            "ordenador",
            "nombredehost",
            "nombrehost",
            "nombredelequipo",
            "nombredeequipo",
            "nombreequipo",
            "nombredns",
            "nomehost",
            "nomecomputer",
            "nomedns",
            "computador",
            "nomedohost",
            "nomedocomputador",
            "computernaam",
            "hostnaam",
            "komputer",
            "nazwakomputera",
            "nazwahosta",
        ],
    ),
    (
        Column::Address,
        "address",
        &[
            "ip",
            "ipaddress",
            "ipv4",
            "ipv4address",
            "ipv6",
            "ipv6address",
            "adresse",
            "ipadresse",
            "ipv4adresse",
            "ipv6adresse",
            "adresseip",
            "adresseipv4",
            "adresseipv6",
            "direccion",
            "direccionip",
            "direccionipv4",
            "direccionipv6",
            "indirizzo",
            "indirizzoip",
            "indirizzoipv4",
            "indirizzoipv6",
            "endereco",
            "enderecoip",
            "enderecoipv4",
            "enderecoipv6",
            "adres",
            "ipadres",
            "adresip",
        ],
    ),
    (
        Column::Port,
        "port",
        &["tcpport", "rdpport", "portrdp", "porttcp", "puerto", "puertordp", "porta", "poort"],
    ),
    (Column::Expect, "expect", &["expectedaddress", "expectedaddresses", "expectedip"]),
    (
        Column::Mac,
        "mac",
        &[
            "macaddress",
            "physicaladdress",
            "hardwareaddress",
            "ethernetaddress",
            "macadresse",
            "physischeadresse",
            "physikalischeadresse",
            "hardwareadresse",
            "adressemac",
            "adressephysique",
            "adressematerielle",
            "direccionmac",
            "direccionfisica",
            "indirizzomac",
            "indirizzofisico",
            "enderecomac",
            "enderecofisico",
            "macadres",
            "adresmac",
        ],
    ),
    (Column::Aliases, "aliases", &["alias", "othernames", "aliasname", "aliasnamen"]),
    (
        Column::Group,
        "group",
        &[
            "site",
            "location",
            "folder",
            "office",
            "department",
            "gruppe",
            "standort",
            "ort",
            "ordner",
            "buero",
            "buro",
            "abteilung",
            "groupe",
            "emplacement",
            "lieu",
            "dossier",
            "bureau",
            "departement",
            "grupo",
            "sitio",
            "sede",
            "ubicacion",
            "oficina",
            "carpeta",
            "departamento",
            "gruppo",
            "sito",
            "posizione",
            "ufficio",
            "cartella",
            "reparto",
            "local",
            "localizacao",
            "escritorio",
            "pasta",
            "groep",
            "locatie",
            "vestiging",
            "kantoor",
            "afdeling",
            "grupa",
            "lokalizacja",
            "biuro",
        ],
    ),
    (Column::Kind, "kind", &[]),
    (Column::Expected, "expected", &["availability"]),
    (
        Column::Gateway,
        "gateway",
        &["rdgateway", "rdgatewayhostname", "passerelle", "passerellerd", "passerellerdp"],
    ),
    (Column::GatewayUsage, "gateway_usage", &[]),
];

/// The column that is called so.
pub(super) fn column(head: &str) -> Option<Column> {
    let head = folded(head)?;
    let called = |key: &str, names: &[&str]| {
        names.contains(&head.as_str()) || key.chars().filter(|c| *c != '_').eq(head.chars())
    };
    HEADS.iter().find(|(_, key, names)| called(key, names)).map(|(column, ..)| *column)
}

/// The keys of all columns, for people.
pub(super) fn keys() -> String {
    let keys: Vec<&str> = HEADS.iter().map(|(_, key, _)| *key).collect();
    keys.join(", ")
}

/// Letters of Latin scripts without their accents, in lower case, each with all that fold to it.
const ACCENTS: &[(&str, &str)] = &[
    ("a", "\u{e0}\u{e1}\u{e2}\u{e3}\u{e4}\u{e5}\u{101}\u{103}\u{105}"),
    ("ae", "\u{e6}"),
    ("c", "\u{e7}\u{107}\u{10d}"),
    ("e", "\u{e8}\u{e9}\u{ea}\u{eb}\u{113}\u{117}\u{119}\u{11b}"),
    ("i", "\u{ec}\u{ed}\u{ee}\u{ef}\u{12b}"),
    ("l", "\u{142}"),
    ("n", "\u{f1}\u{144}\u{148}"),
    ("o", "\u{f2}\u{f3}\u{f4}\u{f5}\u{f6}\u{f8}\u{14d}\u{151}"),
    ("oe", "\u{153}"),
    ("s", "\u{15b}\u{161}"),
    ("ss", "\u{df}"),
    ("u", "\u{f9}\u{fa}\u{fb}\u{fc}\u{16b}\u{16f}\u{171}"),
    ("y", "\u{fd}\u{ff}"),
    ("z", "\u{17a}\u{17c}\u{17e}"),
];

/// A head in small letters without accents and without what stands between its words; `None` where it
/// is longer than any. An accent may be a letter of its own behind the one that it belongs to.
fn folded(head: &str) -> Option<String> {
    let mut out = String::new();
    for letter in head.chars().flat_map(char::to_lowercase) {
        match ACCENTS.iter().find(|(_, accented)| accented.contains(letter)) {
            Some((plain, _)) => out.push_str(plain),
            None if between(letter) => {}
            None => out.push(letter),
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    Some(out)
}

/// What may stand between the words of a head, or above its letters.
fn between(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '_' | '.' | '/' | '\'' | '\u{2019}' | '\u{2010}' | '\u{2011}')
        || matches!(letter, '\u{300}'..='\u{36f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_folded_short_and_of_one_column() {
        let mut seen = std::collections::BTreeSet::new();
        for (column_of, key, names) in HEADS {
            assert_eq!(column(key), Some(*column_of), "{key}");
            for name in *names {
                assert_eq!(folded(name).as_deref(), Some(*name), "not folded");
                assert_eq!(column(name), Some(*column_of), "{name}");
                assert!(seen.insert(*name) && name != key, "{name} twice");
            }
        }
    }

    #[test]
    fn heads_of_the_main_languages_are_known_with_and_without_case_and_accents() {
        for (head, expected) in [
            ("IP-Adresse", Column::Address),
            ("IP Adresse", Column::Address),
            ("IPv4-Adresse", Column::Address),
            ("Adresse IP", Column::Address),
            ("Direcci\u{f3}n IP", Column::Address),
            ("DIRECCIO\u{301}N IP", Column::Address),
            ("Direccion_IP", Column::Address),
            ("Indirizzo IP", Column::Address),
            ("Endere\u{e7}o IP", Column::Address),
            ("Rechner", Column::Host),
            ("Hostname", Column::Host),
            ("Computername", Column::Host),
            ("Ger\u{e4}t", Column::Host),
            ("Geraet", Column::Host),
            ("Nom d\u{2019}h\u{f4}te", Column::Host),
            ("Nom de l'ordinateur", Column::Host),
            ("Nombre del equipo", Column::Host),
            ("Nom", Column::Name),
            ("Nombre", Column::Name),
            ("Nome", Column::Name),
            ("MAC-Adresse", Column::Mac),
            ("Adresse MAC", Column::Mac),
            ("Direcci\u{f3}n f\u{ed}sica", Column::Mac),
            ("Puerto", Column::Port),
            ("Gruppe", Column::Group),
            ("Standort", Column::Group),
            ("B\u{dc}RO", Column::Group),
            ("Site", Column::Group),
            ("Ubicaci\u{f3}n", Column::Group),
            ("gateway usage", Column::GatewayUsage),
        ] {
            assert_eq!(column(head), Some(expected), "{head}");
            assert_eq!(column(&format!("\u{feff} {} ", head.to_uppercase())), Some(expected));
        }
        let long = "a".repeat(1_000_000);
        for none in ["", " - ", "Beschreibung", "Notes", "IP\0", "\u{430}ddress", &long] {
            assert_eq!(column(none), None, "{}", none.len());
        }
    }
}
