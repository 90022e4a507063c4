// Announcements for the pictures: invented, as long as real ones are.
import type { Announcement } from '$ui/wire/Announcement';
import type { Photo } from '$ui/wire/Photo';

const HOUR = 3_600_000;
/** Its preview is here, and the whole comes when it is opened. */
const photo = (hash: string): Photo => ({ hash, kind: 'photo', width: 0, height: 0, size: 0, sent: 0, delivered: true, here: false, thumb: true });

export function announcements(now: number, urgent: boolean): Announcement[] {
  const from = 'Muhtarlıklar Müdürlüğü';
  const list: Announcement[] = [
    {
      id: 9, at: now - 3 * HOUR, reach: 'district', urgent: false, from, seen: null, photos: [photo('su-1')], title: 'Kadıköy’de perşembe günü planlı su kesintisi',
      text: 'Perşembe günü 09.00 ile 17.00 arasında Rasimpaşa, Osmanağa ve Caferağa mahallelerinde şebeke yenileme çalışması nedeniyle su verilemeyecektir.\n\nYaşlı ve hasta sakinlerinizi önceden bilgilendirmenizi, su tankeri gereken yerleri “Yeni başvuru” ile bildirmenizi rica ederiz.',
    },
    { id: 8, at: now - 27 * HOUR, reach: 'muhtarlik', urgent: false, from, seen: now - 20 * HOUR, photos: [], title: 'Tabletinizin yedek şarj aleti hazır', text: 'İstediğiniz iş günü 08.30 ile 17.00 arasında müdürlüğümüzden alabilirsiniz.' },
    { id: 6, at: now - 9 * 24 * HOUR, reach: 'all', urgent: false, from, seen: now - 8 * 24 * HOUR, photos: [], title: 'Kış hazırlıkları: tuz kutularının yerlerini gözden geçirin', text: 'Mahallenizdeki tuz kutularının yeri değiştiyse yeni yerini fotoğrafla bildirin.' },
  ];
  if (urgent) {
    list.unshift({
      id: 12, at: now - HOUR / 4, reach: 'all', urgent: true, from, seen: null, photos: [], title: 'Kuvvetli lodos ve fırtına uyarısı: bu gece 22.00 – yarın 10.00',
      text: 'Meteoroloji, Marmara’da saatte 90 km’ye varan fırtına beklemektedir.\n\n• Çatı, tabela, iskele ve ağaçlardan uzak durulmasını sakinlerinize duyurun.\n• Evsiz ya da yardıma muhtaç kişileri 153’e bildirin; kapalı spor salonları gece boyunca açıktır.\n• Devrilen ağaç, kopan tel gibi acil durumları önce 112’ye, sonra buradan fotoğrafla bildirin.\n\nOkuduğunuzu onaylayın: onaylamayan mahalleler telefonla aranacaktır.',
    });
  }
  return list;
}
