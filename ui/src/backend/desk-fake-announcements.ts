// Announcements of the desk for the pictures.
import type { DeskAnnouncement } from '$ui/wire/DeskAnnouncement';
import type { NewAnnouncement } from '$ui/wire/NewAnnouncement';
import type { Unseen } from '$ui/wire/Unseen';
import { announcements } from './fake/announcements';

export function fakeAnnouncements(empty: boolean) {
  const shares = [0.42, 0.87, 1, 0.98];
  const list: DeskAnnouncement[] = announcements(Date.now(), true).map(({ id, at, reach, urgent, from, title, text, photos }, i) => {
    const reached = { all: 951, district: 21, muhtarlik: 1 }[reach];
    return {
      id, at, urgent, from, title, text, photos: photos.map(({ hash }) => hash), author: 'Ön inceleme masası', withdrawn: i === 3 ? at + 3_600_000 : null,
      audience: { all: '', district: 'district:kadikoy', muhtarlik: 'muhtarlik:kadikoy-rasimpasa' }[reach],
      audience_name: { all: '', district: 'Kadıköy', muhtarlik: 'Rasimpaşa, Kadıköy' }[reach],
      reached, seen: Math.round(reached * (shares[i] ?? 1)),
    };
  });
  const unseen: Unseen = {
    unseen: ['Kabakoz, Şile', 'Polonezköy, Beykoz', 'Şehit Muhtar Mahallesi, Beyoğlu', 'Burgazada, Adalar', 'Hadımköy, Arnavutköy', 'Cankurtaran, Fatih'],
    without: ['Ağaçdere, Şile', 'Satmazlı, Şile'],
  };
  return {
    list: empty ? [] : list,
    unseen,
    add({ audience, urgent, title, text, photos }: NewAnnouncement, author: string) {
      this.list = [{ id: 20 + this.list.length, at: Date.now(), urgent, from: 'Muhtarlıklar Müdürlüğü', title, text, photos, author, withdrawn: null, audience, audience_name: '', reached: 951, seen: 0 }, ...this.list];
      return this.list;
    },
    withdraw(id: number) {
      this.list = this.list.map((one) => (one.id === id ? { ...one, withdrawn: Date.now() } : one));
      return this.list;
    },
  };
}
