//! First and last names of many cultures, and how people spell them without marks.

/// First names, separated by blanks.
const FIRST: &str = "\
Aaliyah Aarav Abena Adaeze Adrián Aiko Aino Aisha Akira Alejandra Aleksander Alfonso Alžběta Amadou Amélie Amina Amir \
Ana Anaïs Anders Andrés Angela Anh Anika Aníbal Anneke Antoine Ahmet Arjun Åsa Asha Astrid Ayşe Azadeh Babajide Beatriz Bence \
Benedikta Björn Blessing Bogdan Božena Brigitte Bruno Camila Carlos Catarina Céline Chiara Chidi Chinedu Chloé Ciarán Clara Claudia \
Coşkun Daan Damián Daria Dariusz Deepa Delphine Dimitra Đorđe Dorota Duc Ebba Eduardo Eerik Eilidh Ekaterina Elif Elīna Elżbieta \
Emeka Emre Enikő Enzo Erik Esi Esperanza Eszter Étienne Eva Fatima Fatou Federica Fernanda Fiona Florian Françoise Freja Gábor Gamze \
Giulia Goran Grace Grażyna Gunnar Guðrún Haakon Hana Haruto Hassan Hedda Helena Héctor Henrik Hiroshi Hyun Ibrahim Ifeoma Ignacio Ilona \
Imani Indira Ines Ingrid Irina Isabel Ísak István Iva Jakub Jamal Ján Jasmin Javier Jelena Jens Jerónimo Jiří Jin João \
Jonas Jörg Josefina José Juhani Jürgen Kaito Kamala Karolína Katarzyna Kateřina Keiko Kerem Khadija Kiran Klára Kofi Krisztina Kwame Laila \
Lars Latoya Leila Lena Leonor Līga Linh Liu Lovisa Lucía Ludmila Łukasz Luís Maarten Maëlle Magdalena Magnus Mahmoud Małgorzata Mandla \
Manuel Marek Margarida Mariam Márta Mateo Matthias Maud Mehmet Mei Mercy Michał Miguel Mikkel Milica Mina Minh Mira Miroslav Mohammed \
Mónica Murat Nadia Nadège Naomi Natália Ngozi Nguyệt Nia Niamh Nikola Nikolaos Noémie Nuno Oğuz Olga Olivia Oluwaseun Omar Oriol Oskar \
Óscar Paola Pavel Pelle Petra Pia Pilar Pooja Priya Quentin Radka Rafael Rahel Raimonda Rania René Ricardo Rosalía Rohan Ruta Saanvi \
Sakura Salma Samir Sandeep Şebnem Selin Sergio Sibusiso Sigríður Silvia Siobhán Sofía Søren Stanisław Stefania Stéphane Sunita Svetlana Tadeusz Takeshi \
Tamar Tariq Tatjana Temitope Teresa Thandiwe Theresa Thiago Thi Tomás Tomasz Tove Tuğba Ugo Ulla Ursula Vaclav Valentina Vânia Vasile \
Věra Vesna Viktor Ville Vojtěch Wanjiru Wei Wiktoria Willem Xavier Ximena Xiu Yannick Yara Yasmin Yuki Yusuf Zahra Zainab Žaneta Zeynep Zoë Zsófia Zuzana";

/// Last names, separated by commas because some are several words.
const LAST: &str = "\
Abara,Abe,Abubakar,Acheampong,Adeyemi,Agarwal,Aguilar,Ahmadi,Aïssaoui,Ákosi,Alonso,Alvarado,Álvarez,Amato,Andersen,Andersson,Antonović,Appiah,Araújo,Arslan,\
Asante,Åström,Aydın,Baker,Bălan,Banerjee,Barış,Barros,Bauer,Bažant,Becker,Bengtsson,Beneš,Bergström,Bianchi,Błaszczyk,Boateng,Böhm,Bondarenko,Bošković,\
Boyle,Brăescu,Brandão,Braun,Bui,Çelik,Cabrera,Çakır,Cao,Cárdenas,Carvalho,Castañeda,Cavalcanti,Černý,Chaudhry,Chen,Chukwu,Clarke,Conceição,Conti,\
Ćosić,Côté,Coulibaly,Cruz,Cuevas,Czajka,D'Angelo,da Silva,Dąbrowski,Dahl,Danjuma,de Boer,de la Cruz,De Luca,de Vries,Delacroix,Demir,Desai,Deschênes,Diallo,\
Díaz,Diop,Đỗ,Domínguez,Đorđević,Dubois,Dumitrescu,Duran,Dvořák,Eberhardt,Echeverría,Egede,Ekström,El Amrani,Erdoğdu,Eriksen,Espinoza,Estévez,Eze,Fabbri,\
Faría,Farouk,Fekete,Fernández,Ferrari,Fiala,Fischer,Flores,Fodor,Fontaine,Forsberg,Fraser,Freitas,Fujimoto,Gallagher,Gałązka,García,Gärtner,Gebre,Georgiou,\
Ghosh,Giordano,Gómez,González,Göransson,Grönlund,Große,Guðmundsson,Guérin,Gupta,Gutiérrez,Haddad,Håkansson,Hakimi,Hansen,Hasan,Hernández,Hoàng,Højgaard,Holló,\
Horváth,Hrubý,Hussain,Ibáñez,Ibrahimović,Igwe,Iliescu,Ionescu,Ishikawa,Ivanova,Jakobsen,Jánošík,Janković,Järvinen,Jiménez,Johansson,Jóhannsdóttir,Jovanović,Juhász,Kaczmarek,\
Kamara,Kaneko,Karlsson,Kaya,Keita,Kelemen,Khan,Khumalo,Kılıç,Kim,Kiss,Kjær,Klein,Kobayashi,Kołodziej,Konaté,Koné,Kovač,Kovács,Kowalczyk,\
Kozłowska,Krásný,Krüger,Kruse,Kučera,Kumar,Kuznetsova,Kwiatkowska,Lacroix,Laitinen,Larsson,Lê,Lefèvre,Lehtonen,Lemaître,Leone,Lévesque,Li,Lima,Lindqvist,\
Liu,Løkken,Lombardi,López,Lukić,Lund,Łuczak,Mäkinen,MacDonald,Machado,Madsen,Mahlangu,Mancini,Marchetti,Marković,Márquez,Martín,Martínez,Mbeki,Mazur,\
McCarthy,Mehta,Méndez,Mensah,Meyer,Michałowski,Mihăilescu,Milošević,Mokoena,Möller,Molnár,Moreau,Moreno,Mukherjee,Müller,Muñoz,Nagy,Nair,Nakamura,Navarro,\
Ndiaye,Németh,Nguyễn,Nielsen,Nieminen,Nkosi,Nordström,Novák,Nowak,Núñez,Nwosu,Nyström,O'Brien,O'Connor,Ó Súilleabháin,Obi,Odhiambo,Oduya,Öztürk,Okafor,\
Okonkwo,Oliveira,Olszewski,Omondi,Ortiz,Østergaard,Otieno,Ouédraogo,Oyelaran,Özdemir,Pál,Papadopoulos,Park,Patel,Pavlović,Pedersen,Pelletier,Peña,Pérez,Petković,\
Petrov,Pham,Piątek,Pires,Popescu,Prokop,Quispe,Račić,Rădulescu,Rahman,Ramírez,Rao,Rasmussen,Ravn,Reddy,Reyes,Ribeiro,Ricci,Říha,Rivera,\
Rodríguez,Romero,Rosén,Rossi,Roux,Ruiz,Růžička,Sáez,Şahin,Saito,Salazar,Salminen,Sánchez,Sandström,Santos,Sari,Sato,Schäfer,Schmidt,Schröder,\
Šimić,Sesay,Sharma,Shevchenko,Sienkiewicz,Silva,Singh,Šípek,Sjöberg,Škoda,Smith,Sokołowski,Sørensen,Soto,Sousa,Stanković,Stępień,Strömberg,Suárez,Svensson,\
Świątek,Szabó,Szewczyk,Takács,Tamm,Tanaka,Tavares,Tóth,Traoré,Trần,Trujillo,Țepeș,Uddin,Urbański,Usman,Vălean,van den Berg,van Dijk,Vargas,Vásquez,\
Vega,Veselý,Virtanen,Vlk,von Arx,Võ,Vuković,Wagner,Walczak,Wang,Warsame,Weiß,Williams,Wiśniewski,Wójcik,Wolff,Wróbel,Xu,Yamamoto,Yıldız,\
Yılmaz,Yin,Zając,Zapata,Zhang,Zhou,Zieliński,Živković,Zulu,Zúñiga";

/// The first names.
pub(super) fn first() -> Vec<&'static str> {
    FIRST.split_whitespace().collect()
}

/// The last names.
pub(super) fn last() -> Vec<&'static str> {
    LAST.split(',').collect()
}

/// The name in lower-case ASCII letters, as a login spells it: `Søren O'Brien` gives `sorenobrien`.
pub(super) fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ă' | 'ą' | 'ā' | 'ầ' => out.push('a'),
            'æ' => out.push_str("ae"),
            'ç' | 'ć' | 'č' => out.push('c'),
            'đ' | 'ď' | 'ð' => out.push('d'),
            'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ę' | 'ē' | 'ễ' | 'ệ' => out.push('e'),
            'ğ' => out.push('g'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' | 'ī' => out.push('i'),
            'ł' => out.push('l'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' | 'ő' | 'ỗ' => out.push('o'),
            'ř' => out.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => out.push('s'),
            'ß' => out.push_str("ss"),
            'ť' | 'ț' => out.push('t'),
            'ú' | 'ù' | 'û' | 'ü' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_large_and_without_repeats() {
        for (names, at_least) in [(first(), 200), (last(), 300)] {
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len());
            assert!(names.len() >= at_least, "{}", names.len());
        }
    }

    #[test]
    fn every_letter_has_a_plain_spelling() {
        for name in first().into_iter().chain(last()) {
            let letters = name.chars().filter(|c| c.is_alphabetic()).count();
            assert!(plain(name).len() >= letters, "{name} becomes {}", plain(name));
            assert!(
                name.chars().all(|c| c.len_utf8() <= 3),
                "{name}: Okta takes three bytes a letter at most"
            );
        }
        assert_eq!(plain("Søren"), "soren");
        assert_eq!(plain("Weiß"), "weiss");
        assert_eq!(plain("Ó Súilleabháin"), "osuilleabhain");
    }
}
